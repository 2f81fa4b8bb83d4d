import { expect, it } from "vitest";
import { jobs } from "#functions/index.ts";
import { isScheduled } from "#jobs/job.ts";
import { describeSchedule, nextOccurrence } from "#schedule/index.ts";
import { banner, type JobLine } from "../../scripts/start-banner.ts";

const now = new Date("2026-03-10T12:00:00Z");
const plain = { paint: (_: string, text: string) => text, width: 200 };
const given = {
  url: "http://127.0.0.1:7071",
  key: "k".repeat(43),
  providerControl: "http://127.0.0.1:44455",
  now,
  ...plain,
};
const shown = (lines: readonly JobLine[], width = 200) =>
  banner({ ...given, jobs: lines, width })
    .split("\n")
    .map((line) => line.trimEnd());

const line = (id: string, next: string | null, more: Partial<JobLine> = {}): JobLine => ({
  id,
  family: "platform",
  schedule: next === null ? null : { inWords: "every so often" },
  enabled: true,
  next: next === null ? [] : [next],
  ...more,
});

it("no line of all jobs is wider than 80 characters, nor wider than a narrow terminal", () => {
  const all = jobs.map((job): JobLine => {
    const schedule = isScheduled(job) ? job.on : null;
    const next = schedule && nextOccurrence(schedule, now);
    return {
      id: job.id,
      family: job.family.id,
      enabled: job.enabledByDefault,
      next: next ? [next.toISOString()] : [],
      schedule: schedule && { inWords: describeSchedule(schedule) },
    };
  });
  expect(shown(all).filter((text) => text.length > 80)).toEqual([]);
  const table = shown(all, 60);
  expect(
    table
      .slice(
        table.findIndex((text) => /^ *job /.test(text)),
        -7,
      )
      .filter((text) => text.length > 60),
  ).toEqual([]);
});

it("jobs are listed by family, with the time until their next slot in its largest unit", () => {
  const lines = shown([
    line("soon", "2026-03-10T12:00:03Z"),
    line("today", "2026-03-11T01:46:00Z"),
    line("asked", null),
    line("next_week", "2026-03-17T12:00:00Z", { family: "tasks" }),
    line("never", "2026-03-17T12:00:00Z", { family: "tasks", enabled: false }),
  ]);
  const start = lines.findIndex((text) => /^ *job /.test(text));
  expect(lines.slice(start, start + 8)).toEqual([
    "    job        next  runs",
    "  platform",
    "    soon       3 s   every so often",
    "    today      14 h  every so often",
    "    asked            on demand",
    "  tasks",
    "    next_week  7 d   every so often",
    "    never      off   every so often",
  ]);
});
