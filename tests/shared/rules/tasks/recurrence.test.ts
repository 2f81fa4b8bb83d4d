import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextOccurrence, type Occurrence, type RecurrenceType } from "#rules/tasks/recurrence.ts";
import { instantOf, wallTimeAt } from "#schedule/wall-clock.ts";
import { sample } from "#support/sample-data.ts";

type Given = Partial<Omit<Occurrence, "due">>;

/** A daily task at 09:00 in Berlin, its first, unless said otherwise. */
const aTask = (given: Given & { due: string }): Occurrence => ({
  timeZone: "Europe/Berlin",
  type: "daily",
  interval: 1,
  rule: null,
  until: null,
  position: null,
  anchorDay: null,
  anchorTime: null,
  number: 1,
  ...given,
  due: new Date(given.due),
});

/** The due dates that follow, each task done in time, as the clocks of the zone show them. */
function series(first: Occurrence, count: number): string[] {
  const shown: string[] = [];
  let task = first;
  for (let i = 0; i < count; i++) {
    const next = nextOccurrence(task, task.due);
    if (!next) return [...shown, "ended"];
    task = { ...task, ...next };
    shown.push(onClock(task.timeZone!, task.due));
  }
  return shown;
}

const onClock = (zone: string, instant: Date) =>
  new Date(wallTimeAt(zone, instant.getTime() / 1_000) * 1_000).toISOString().slice(0, 16).replace("T", " ");

const in2026 = (zone: string, wall: string) => new Date(instantOf(zone, Date.parse(`${wall}Z`) / 1_000) * 1_000);

describe("months and years are clamped to the last day and keep their anchor", () => {
  it.each<[string, RecurrenceType, string, number, string[]]>([
    ["the 31st", "monthly", "2026-01-31", 1, ["2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]],
    ["the 30th", "monthly", "2026-01-30", 1, ["2026-02-28", "2026-03-30", "2026-04-30", "2026-05-30"]],
    ["the 31st of a leap year", "monthly", "2028-01-31", 1, ["2028-02-29", "2028-03-31"]],
    ["every second month over the year", "monthly", "2026-08-31", 2, ["2026-10-31", "2026-12-31", "2027-02-28"]],
    ["every 13 months", "monthly", "2003-12-01", 13, ["2005-01-01", "2006-02-01"]],
    ["29 February", "yearly", "2024-02-29", 1, ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29", "2029-02-28"]],
    ["29 February, every fourth year", "yearly", "2096-02-29", 4, ["2100-02-28", "2104-02-29"]],
    ["31 December", "yearly", "2026-12-31", 1, ["2027-12-31"]],
  ])("%s", (_, type, from, interval, expected) => {
    const task = aTask({ due: in2026("Europe/Berlin", `${from}T09:00:00`).toISOString(), type, interval });
    expect(series(task, expected.length)).toEqual(expected.map((date) => `${date} 09:00`));
  });

  it("a stored anchor is kept although the due date differs from it", () => {
    const task = aTask({ due: "2026-02-28T08:00:00Z", type: "monthly", anchorDay: 31 });
    expect(series(task, 2)).toEqual(["2026-03-31 09:00", "2026-04-30 09:00"]);
  });

  const vectors = sample("recurrence/month-arithmetic-dateutil.json");
  it.skipIf(!vectors)("as dateutil has it", () => {
    interface Vector {
      start: string;
      op: string;
      delta: Record<string, number>;
      expected: string;
    }
    const { vectors: all } = JSON.parse(readFileSync(vectors!, "utf8")) as { vectors: Vector[] };
    const types: Record<string, RecurrenceType> = { days: "daily", months: "monthly", years: "yearly" };
    // A recurrence goes forward; what goes back, or sets a day, is no question to it.
    const forward = all.flatMap(({ start, op, delta, expected }) =>
      Object.entries(delta).flatMap(([unit, n]) =>
        types[unit] && op === "+" && n > 0 ? [{ start, unit, n, expected }] : [],
      ),
    );
    expect(forward).toHaveLength(10);
    for (const { start, unit, n, expected } of forward) {
      const task = aTask({ due: `${start}T00:00:00Z`, timeZone: "UTC", type: types[unit]!, interval: n });
      expect(series(task, 1), `${start} + ${n} ${unit}`).toEqual([`${expected} 00:00`]);
    }
  });
});

describe("the wall time stays when the clocks change", () => {
  it.each<[zone: string, forward: string, back: string]>([
    ["Europe/Berlin", "2026-03-28", "2026-10-24"],
    ["America/New_York", "2026-03-07", "2026-10-31"],
    ["Australia/Lord_Howe", "2026-10-03", "2026-04-04"],
  ])("%s: 09:00 stays 09:00 over both changes, by day, week and month", (zone, ...eves) => {
    for (const eve of eves) {
      for (const type of ["daily", "weekly", "monthly"] as const) {
        const due = in2026(zone, `${eve}T09:00:00`);
        const shown = series(aTask({ due: due.toISOString(), timeZone: zone, type }), 3);
        expect(shown.map((text) => text.slice(11))).toEqual(["09:00", "09:00", "09:00"]);
      }
    }
  });

  it.each<[zone: string, eve: string, time: string, expected: string[]]>([
    ["Europe/Berlin", "2026-03-28", "02:30", ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]],
    ["Europe/Berlin", "2026-10-24", "02:30", ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]],
    ["America/New_York", "2026-03-07", "02:30", ["2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"]],
    ["America/New_York", "2026-10-31", "01:30", ["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"]],
    // Half an hour, in the southern half of the world.
    ["Australia/Lord_Howe", "2026-10-03", "02:15", ["2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"]],
    ["Australia/Lord_Howe", "2026-04-04", "01:45", ["2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"]],
  ])(
    "%s, %s %s: a time that is skipped comes right after the gap, one that comes twice the first time, and the next day is itself again",
    (zone, eve, time, expected) => {
      let task = aTask({ due: in2026(zone, `${eve}T${time}:00`).toISOString(), timeZone: zone });
      for (const at of expected) {
        const next = nextOccurrence(task, task.due)!;
        expect(next.due.toISOString().replace(".000", "")).toBe(at);
        task = { ...task, ...next };
      }
      const byRule = aTask({
        due: in2026(zone, `${eve}T${time}:00`).toISOString(),
        timeZone: zone,
        rule: "FREQ=DAILY",
      });
      expect(nextOccurrence(byRule, byRule.due)!.due).toEqual(new Date(expected[0]!));
    },
  );
});

describe("missed occurrences are skipped", () => {
  it.each<[string, Given, string]>([
    ["days", { type: "daily" }, "2026-07-02 09:00"],
    ["every third day", { type: "daily", interval: 3 }, "2026-07-04 09:00"],
    ["weeks keep their weekday", { type: "weekly" }, "2026-07-06 09:00"],
    ["months", { type: "monthly" }, "2026-07-05 09:00"],
    ["years", { type: "yearly" }, "2027-01-05 09:00"],
    ["a rule", { rule: "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE" }, "2026-07-06 09:00"],
  ])("%s: the first one after now, in step with the due date", (_, given, expected) => {
    const task = aTask({ due: "2026-01-05T08:00:00Z", ...given });
    const next = nextOccurrence(task, new Date("2026-07-01T12:00:00Z"))!;
    expect(onClock("Europe/Berlin", next.due)).toBe(expected);
  });

  it("an occurrence at now does not count as after now", () => {
    const task = aTask({ due: "2026-01-05T08:00:00Z" });
    expect(nextOccurrence(task, new Date("2026-01-06T08:00:00Z"))!.due).toEqual(new Date("2026-01-07T08:00:00Z"));
    expect(nextOccurrence(task, new Date("2026-01-06T07:59:59Z"))!.due).toEqual(new Date("2026-01-06T08:00:00Z"));
  });

  it("a task that is done early is followed by the occurrence after its due date", () => {
    const task = aTask({ due: "2026-01-05T08:00:00Z", type: "monthly" });
    expect(nextOccurrence(task, new Date("2025-11-01T00:00:00Z"))!.due).toEqual(new Date("2026-02-05T08:00:00Z"));
  });

  it("a due date that was moved by hand does not move the time of the series", () => {
    const task = aTask({ due: "2026-01-05T17:00:00Z", anchorTime: "09:00:00" });
    expect(series(task, 1)).toEqual(["2026-01-06 09:00"]);
    const earlier = aTask({ due: "2026-01-05T05:00:00Z", anchorTime: "09:00:00", rule: "FREQ=DAILY" });
    expect(series(earlier, 1)).toEqual(["2026-01-06 09:00"]);
  });
});

describe("where a series ends", () => {
  it.each<[string, Given, string[]]>([
    ["until, itself included", { until: new Date("2026-01-06T08:00:00Z") }, ["2026-01-06 09:00", "ended"]],
    ["until, a second less", { until: new Date("2026-01-06T07:59:59Z") }, ["ended"]],
    [
      "until beside a rule",
      { rule: "FREQ=DAILY", until: new Date("2026-01-06T20:00:00Z") },
      ["2026-01-06 09:00", "ended"],
    ],
    ["UNTIL as an instant", { rule: "FREQ=DAILY;UNTIL=20260106T080000Z" }, ["2026-01-06 09:00", "ended"]],
    ["UNTIL on the clock", { rule: "FREQ=DAILY;UNTIL=20260106T090000" }, ["2026-01-06 09:00", "ended"]],
    ["UNTIL as a day", { rule: "FREQ=DAILY;UNTIL=20260106" }, ["2026-01-06 09:00", "ended"]],
    ["COUNT with the first", { rule: "FREQ=DAILY;COUNT=3" }, ["2026-01-06 09:00", "2026-01-07 09:00", "ended"]],
    ["COUNT of one", { rule: "FREQ=DAILY;COUNT=1" }, ["ended"]],
  ])("%s", (_, given, expected) => {
    expect(series(aTask({ due: "2026-01-05T08:00:00Z", ...given }), 3)).toEqual(expected);
  });

  it("missed occurrences count for COUNT", () => {
    const task = aTask({ due: "2026-01-05T08:00:00Z", rule: "FREQ=DAILY;COUNT=4" });
    expect(nextOccurrence(task, new Date("2026-01-07T12:00:00Z"))).toMatchObject({ number: 4 });
    expect(nextOccurrence(task, new Date("2026-01-08T12:00:00Z"))).toBeNull();
  });
});

describe("an invalid recurrence is refused with what was expected", () => {
  it.each<[Given, RegExp]>([
    [{ timeZone: null }, /^time_zone: expected an IANA time zone, got null/],
    [{ timeZone: "Europe/Berln" }, /^time_zone: .*"Europe\/Berln"/],
    [{ timeZone: "+01:00" }, /^time_zone: /],
    [{ interval: 0 }, /^recurrence_interval: expected a whole number from 1 on, got 0/],
    [{ interval: 1.5 }, /^recurrence_interval: /],
    [
      { type: "yearly", interval: 2_147_483_647 },
      /^recurrence_interval: expected an occurrence .* up to the year 9999, found none/,
    ],
    [{ type: null }, /^recurrence_type: expected daily, weekly, monthly or yearly, got null/],
    [{ type: "hourly" as never }, /^recurrence_type: .*"hourly"/],
    [{ type: "monthly", anchorDay: 32 }, /^recurrence_anchor_day: expected 1 to 31, got 32/],
    [{ rule: "every day" }, /^recurrence_rule: expected parts/],
    [
      { rule: "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30" },
      /^recurrence_rule: expected an occurrence .* up to the year 9999, found none/,
    ],
  ])("%j", (given, message) => {
    const task = aTask({ due: "2026-01-05T08:00:00Z", ...given });
    expect(() => nextOccurrence(task, task.due)).toThrow(message);
  });

  it("an invalid due date", () => {
    expect(() => nextOccurrence(aTask({ due: "+100000-01-01T00:00:00Z" }), new Date())).toThrow(/^due_date: /);
    expect(() => nextOccurrence({ ...aTask({ due: "2026-01-01" }), due: new Date(NaN) }, new Date())).toThrow(
      /^due_date/,
    );
  });
});

describe("for any task", () => {
  const zones = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Sao_Paulo",
  ];
  const moments = (from: string, to: string) =>
    fc.date({ min: new Date(from), max: new Date(to), noInvalidDate: true }).map((at) => at.toISOString());
  const tasks = fc.record({
    due: moments("2000-01-01T00:00:00Z", "2040-01-01T00:00:00Z"),
    timeZone: fc.constantFrom(...zones),
    type: fc.constantFrom<RecurrenceType>("daily", "weekly", "monthly", "yearly"),
    interval: fc.integer({ min: 1, max: 40 }),
    rule: fc.option(fc.constantFrom("FREQ=DAILY;INTERVAL=5", "FREQ=MONTHLY;BYDAY=-1FR", "FREQ=WEEKLY;BYDAY=SU,TU")),
  });

  it("the next one is after the due date and after now, and the one before it is not", () => {
    fc.assert(
      fc.property(tasks, moments("2000-01-01T00:00:00Z", "2045-01-01T00:00:00Z"), (given, at) => {
        const task = aTask(given);
        const now = new Date(at);
        const next = nextOccurrence(task, now)!;
        expect(next.due.getTime()).toBeGreaterThan(Math.max(task.due.getTime(), now.getTime()));
        if (now <= task.due) return;
        // Asked a moment before it, the answer is the same: nothing between was passed over.
        expect(nextOccurrence(task, new Date(next.due.getTime() - 1))).toEqual(next);
      }),
    );
  });

  it("skipping missed occurrences gives the same date as doing them one by one", () => {
    fc.assert(
      fc.property(tasks, fc.integer({ min: 1, max: 12 }), (given, steps) => {
        let task = aTask(given);
        const first = task;
        for (let i = 0; i < steps; i++) task = { ...task, ...nextOccurrence(task, task.due)! };
        const before = new Date(task.due.getTime() - 1);
        expect(nextOccurrence({ ...first, anchorTime: task.anchorTime }, before)!.due).toEqual(task.due);
      }),
    );
  });

  it("the local time is that of the series, except right after a gap", () => {
    fc.assert(
      fc.property(tasks, (given) => {
        const task = aTask({ ...given, rule: null });
        const next = nextOccurrence(task, task.due)!;
        const wall = wallTimeAt(given.timeZone, next.due.getTime() / 1_000);
        const shown = new Date(wall * 1_000).toISOString().slice(11, 19);
        const isAfterGap = wallTimeAt(given.timeZone, next.due.getTime() / 1_000 - 1) < wall - 1;
        expect(shown === next.anchorTime || isAfterGap).toBe(true);
      }),
    );
  });
});
