import { expect, it } from "vitest";
import { z } from "zod";
import { defineJob } from "#jobs/define-job.ts";
import { effectiveSchedule, withOverrides } from "#jobs/effective-schedule.ts";
import { manual } from "#jobs/triggers.ts";
import { schedule } from "#schedule/index.ts";

const common = {
  id: "sync_rates",
  family: { id: "samples", title: "Samples" },
  summary: "A sample",
  input: z.strictObject({}),
  run: async () => undefined,
};
const daily = defineJob({ ...common, on: schedule("0 30 16 * * *", "Europe/Berlin") });

it("is that of the file without settings", () => {
  expect(effectiveSchedule(daily)).toBe(daily.on);
  expect(effectiveSchedule(daily, {})).toBe(daily.on);
});

it("takes expression and zone each from its setting, else from the file", () => {
  expect(effectiveSchedule(daily, { schedule: "0 0 6 * * *" })).toMatchObject({
    expression: "0 0 6 * * *",
    zone: "Europe/Berlin",
  });
  expect(effectiveSchedule(daily, { timeZone: "UTC" })).toMatchObject({ expression: "0 30 16 * * *", zone: "UTC" });
});

it("is null for a manual job, also with settings", () => {
  expect(effectiveSchedule(defineJob({ ...common, on: manual }), { schedule: "0 0 6 * * *" })).toBeNull();
});

it("names the invalid setting", () => {
  expect(() => effectiveSchedule(daily, { schedule: "every day" })).toThrow(/^SYNC_RATES_SCHEDULE: /);
  const own = { expression: "0 30 16 * * *", zone: "Europe/Berlin" };
  expect(() => withOverrides("sync_rates", own, { timeZone: "Berlin" })).toThrow(/^SYNC_RATES_TIME_ZONE: /);
});
