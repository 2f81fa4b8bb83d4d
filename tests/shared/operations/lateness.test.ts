import { expect, it } from "vitest";
import { lateByMs } from "#operations/lateness.ts";
import { schedule } from "#schedule/index.ts";

const hourly = schedule("0 0 * * * *", "UTC");
const now = new Date("2026-03-10T12:00:30Z");
const facts = { schedule: hourly, accountedUntil: null, oldestDueAt: null, isGated: false, now };
const at = (time: string) => new Date(`2026-03-10T${time}Z`);

it("a job with all slots in the ledger, or without slots, is not late", () => {
  expect(lateByMs(facts)).toBe(0);
  expect(lateByMs({ ...facts, accountedUntil: at("12:00:00") })).toBe(0);
});

it("a slot that has just become due is not late", () => {
  expect(lateByMs({ ...facts, accountedUntil: at("11:00:00") })).toBe(0);
});

it("a job is late by the first missing slot, not by the last", () => {
  expect(lateByMs({ ...facts, accountedUntil: at("09:00:00") })).toBe(2 * 3_600_000 + 30_000);
});

it("a run that has been due for longer counts too", () => {
  expect(lateByMs({ ...facts, schedule: null, oldestDueAt: at("11:00:30") })).toBe(3_600_000);
});

it("a run that waits for a person's switch is not late, a missing slot is", () => {
  expect(lateByMs({ ...facts, oldestDueAt: at("09:00:30"), isGated: true })).toBe(0);
  expect(lateByMs({ ...facts, accountedUntil: at("09:00:00"), isGated: true })).toBe(2 * 3_600_000 + 30_000);
});
