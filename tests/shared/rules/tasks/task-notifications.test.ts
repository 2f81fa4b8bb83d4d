import fc from "fast-check";
import { expect, it } from "vitest";
import { overdueNotification, reminderNotification } from "#rules/tasks/task-notifications.ts";

const task = { taskId: "t1", owner: "user:1", title: "Pay the rent" };
const bodyOf = (due: Date | null, timeZone: string | null) =>
  reminderNotification({ ...task, due, timeZone, id: "7", channels: ["web"] }).body;

it("has the due date in the task's time zone", () => {
  const zones = ["Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"];
  const instant = fc.date({ min: new Date("1972-01-01"), max: new Date("2099-12-31"), noInvalidDate: true });
  fc.assert(
    fc.property(fc.constantFrom(...zones), instant, (timeZone, due) => {
      const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" });
      expect(bodyOf(due, timeZone)).toBe(`Due ${format.format(due)} ${timeZone}`);
    }),
  );
});

it("is in UTC without a zone, as stored in an unknown zone, and empty without a due date", () => {
  const due = new Date("2026-03-10T08:00:30Z");
  expect(bodyOf(due, null)).toBe("Due 2026-03-10 08:00 UTC");
  expect(bodyOf(due, "Mars/Olympus")).toBe("Due 2026-03-10T08:00:30.000Z Mars/Olympus");
  expect(bodyOf(null, "UTC")).toBe("");
});

it("has one dedupe key per due date", () => {
  const keyAt = (due: string) => overdueNotification({ ...task, due: new Date(due), timeZone: "UTC" }).dedupeKey;
  expect(keyAt("2026-03-10T08:00:00Z")).toBe("overdue:t1:2026-03-10T08:00:00.000Z");
  expect(keyAt("2026-03-11T08:00:00Z")).not.toBe(keyAt("2026-03-10T08:00:00Z"));
});
