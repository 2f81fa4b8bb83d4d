import { expect, test } from "vitest";
import { openDatabase } from "#support/database.ts";
import { simulateOutage } from "#support/provider-outage.ts";

const { url } = await openDatabase();

test("runs under a provider that is down for half an hour lose no attempt, call it rarely, and recover at a rising rate", async () => {
  const report = await simulateOutage(url, { runs: 40, outageMs: 1_800_000 });
  expect(report).toMatchObject({ runs: 40, attemptsBurned: 0, dead: 0, opened: 1, closed: 1 });
  // Those that opened the breaker, those in flight by then, and one probe at a time: at last every five minutes.
  expect(report.callsInOutage).toBeLessThan(40);
  // The last probe delay, then 40 runs at the rising rate.
  const [first, , last] = report.recoverySeconds;
  expect(first).toBeLessThanOrEqual(310);
  expect(last - first).toBeLessThanOrEqual(120);
  expect(report.mostInOneSecond).toBeLessThan(20);
});
