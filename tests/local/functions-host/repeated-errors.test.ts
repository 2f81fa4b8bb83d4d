import { expect, it } from "vitest";
import { onceAMinute } from "#local/functions-host/repeated-errors.ts";

it("an error that repeats is reported once a minute, with the count of those left out", () => {
  const lines: string[] = [];
  let now = 0;
  const report = onceAMinute(
    (name, text) => lines.push(`${name}: ${text}`),
    () => now,
  );
  for (; now < 61_000; now += 1_000) {
    report("jobRuns", "ECONNREFUSED");
    report("sendNotification", "ECONNREFUSED");
  }
  report("jobRuns", "another error");
  expect(lines).toEqual([
    "jobRuns: ECONNREFUSED",
    "sendNotification: ECONNREFUSED",
    "jobRuns: ECONNREFUSED (59 more since the last line)",
    "sendNotification: ECONNREFUSED (59 more since the last line)",
    "jobRuns: another error",
  ]);
});
