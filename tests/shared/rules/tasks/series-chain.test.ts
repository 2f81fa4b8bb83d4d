import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextOccurrence, type Occurrence } from "#rules/tasks/recurrence.ts";
import { positionAt } from "#rules/tasks/series-position.ts";
import { instantOf, wallTimeAt } from "#schedule/wall-clock.ts";
import { compareSeries } from "#support/compare-series.ts";
import { randomSeries } from "#support/random-series.ts";

const dueAt = (zone: string, wall: string) => new Date(instantOf(zone, Date.parse(`${wall}Z`) / 1_000) * 1_000);
const onClock = (zone: string, instant: Date) =>
  new Date(wallTimeAt(zone, instant.getTime() / 1_000) * 1_000).toISOString().slice(0, 16).replace("T", " ");

function firstTask(zone: string, wall: string, given: Partial<Occurrence>): Occurrence {
  const due = dueAt(zone, wall);
  return {
    due,
    timeZone: zone,
    type: null,
    interval: 1,
    rule: null,
    until: null,
    number: 1,
    ...positionAt(due, zone),
    ...given,
  };
}

/** The due dates that follow, each task made from the one before and completed in time. */
function chain(first: Occurrence, most: number): string[] {
  const shown: string[] = [];
  for (let task = first; shown.length < most;) {
    const next = nextOccurrence(task, task.due);
    if (!next) return [...shown, "ended"];
    task = { ...task, ...next };
    shown.push(onClock(task.timeZone!, task.due));
  }
  return shown;
}

it("random series, task by task, have the due dates of the library rrule on the clocks of Intl", () => {
  let compared = 0;
  fc.assert(
    fc.property(randomSeries, (series) => {
      const result = compareSeries(series);
      if (result === null) return;
      compared++;
      expect(result.actual, JSON.stringify(series)).toEqual(result.expected);
    }),
    { numRuns: 300, seed: 20_261_130 },
  );
  expect(compared).toBeGreaterThan(200);
});

describe("a rule with several times a day", () => {
  it.each<[string, string, string, string[]]>([
    [
      "keeps all of them when the first task is due at the last",
      "FREQ=DAILY;BYHOUR=9,17",
      "2026-01-05T17:00:00",
      ["2026-01-06 09:00", "2026-01-06 17:00", "2026-01-07 09:00", "2026-01-07 17:00"],
    ],
    [
      "keeps those between the position and the time of the first task",
      "FREQ=DAILY;BYHOUR=9,12,17",
      "2026-01-05T17:00:00",
      ["2026-01-06 09:00", "2026-01-06 12:00", "2026-01-06 17:00", "2026-01-07 09:00"],
    ],
    [
      "counts the first task, which it does not name, once",
      "FREQ=DAILY;BYHOUR=9;COUNT=5",
      "2026-01-05T08:00:00",
      ["2026-01-05 09:00", "2026-01-06 09:00", "2026-01-07 09:00", "2026-01-08 09:00", "ended"],
    ],
  ])("%s", (_, rule, wall, expected) => {
    expect(chain(firstTask("Europe/Berlin", wall, { rule }), expected.length)).toEqual(expected);
  });

  it("of which a gap skips several has one task after the gap", () => {
    const rule = "FREQ=DAILY;BYHOUR=2;BYMINUTE=0,30";
    expect(chain(firstTask("Europe/Berlin", "2026-03-28T02:30:00", { rule }), 3)).toEqual([
      "2026-03-29 03:00",
      "2026-03-30 02:00",
      "2026-03-30 02:30",
    ]);
  });
});

describe("a clock change moves one task, never its series", () => {
  it.each<[zone: string, wall: string, given: Partial<Occurrence>, expected: string[]]>([
    // The clocks skip the last hour of that Saturday.
    [
      "America/Nuuk",
      "2026-03-21T23:30:00",
      { type: "weekly" },
      ["2026-03-29 00:00", "2026-04-04 23:30", "2026-04-11 23:30"],
    ],
    [
      "America/Nuuk",
      "2026-03-21T23:30:00",
      { rule: "FREQ=WEEKLY" },
      ["2026-03-29 00:00", "2026-04-04 23:30", "2026-04-11 23:30"],
    ],
    [
      "America/Nuuk",
      "2024-02-29T23:30:00",
      { type: "monthly", anchorDay: 30 },
      ["2024-03-31 00:00", "2024-04-30 23:30"],
    ],
    ["America/Nuuk", "2026-03-27T23:30:00", { type: "daily" }, ["2026-03-29 00:00", "2026-03-29 23:30"]],
    // A whole Friday.
    ["Pacific/Apia", "2011-12-29T09:00:00", { type: "daily" }, ["2011-12-31 00:00", "2011-12-31 09:00"]],
    ["Pacific/Apia", "2011-12-23T09:00:00", { type: "weekly" }, ["2011-12-31 00:00", "2012-01-06 09:00"]],
    ["Pacific/Apia", "2011-12-23T09:00:00", { rule: "FREQ=WEEKLY" }, ["2011-12-31 00:00", "2012-01-06 09:00"]],
  ])("%s, %s, %j", (zone, wall, given, expected) => {
    expect(chain(firstTask(zone, wall, given), expected.length)).toEqual(expected);
  });

  it("a task of an earlier version, stored without position, keeps the day that the gap skipped", () => {
    const after = firstTask("America/Nuuk", "2026-03-29T00:00:00", { type: "weekly" });
    const stored = { ...after, position: null, anchorDay: 21, anchorTime: "23:30:00" };
    expect(chain(stored, 2)).toEqual(["2026-04-04 23:30", "2026-04-11 23:30"]);
  });

  it("a task of an earlier version with several times a day continues from its due date", () => {
    const second = firstTask("Europe/Berlin", "2026-01-06T09:00:00", { rule: "FREQ=DAILY;BYHOUR=9,17", number: 2 });
    expect(chain({ ...second, position: null, anchorTime: "17:00:00" }, 2)).toEqual([
      "2026-01-06 17:00",
      "2026-01-07 09:00",
    ]);
  });
});

describe("the search for an occurrence", () => {
  it("takes the interval into account: what comes after 41 years is found", () => {
    const first = (rule: string) => chain(firstTask("UTC", "2024-02-29T09:00:00", { rule }), 1);
    expect(first("FREQ=YEARLY;INTERVAL=50;BYMONTH=1;BYMONTHDAY=1")).toEqual(["2074-01-01 09:00"]);
    expect(first("FREQ=YEARLY;INTERVAL=76"), "2100 is no leap year").toEqual(["2176-02-29 09:00"]);
    expect(first("FREQ=MONTHLY;INTERVAL=912")).toEqual(["2176-02-29 09:00"]);
    expect(first("FREQ=DAILY;INTERVAL=9999;BYMONTH=2;BYMONTHDAY=29")).toEqual(["7116-02-29 09:00"]);
  });

  it.each<[string, Partial<Occurrence>]>([
    ["by COUNT", { rule: "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=1" }],
    ["by UNTIL", { rule: "FREQ=YEARLY;INTERVAL=5000;BYMONTH=1;BYMONTHDAY=1;UNTIL=20300101" }],
    ["by UNTIL, before the last occurrence", { rule: "FREQ=YEARLY;INTERVAL=9000;UNTIL=20300101" }],
    ["by recurrenceUntil", { rule: "FREQ=YEARLY;INTERVAL=9000", until: new Date("2030-01-01") }],
    ["by recurrenceUntil, by type", { type: "yearly", interval: 9_000, until: new Date("2030-01-01") }],
    ["with its last date before the year 10000", { rule: "FREQ=YEARLY;INTERVAL=9000", number: 2 }],
  ])("does not fail where the series has ended %s", (_, given) => {
    expect(chain(firstTask("UTC", "2024-02-29T09:00:00", given), 1)).toEqual(["ended"]);
  });

  it("of a rule that names every second starts at the due date, not at the start of its year", () => {
    const upTo = (last: number) => Array.from({ length: last + 1 }, (_, n) => n).join(",");
    const times = `BYHOUR=${upTo(23)};BYMINUTE=${upTo(59)};BYSECOND=${upTo(59)}`;
    const rule = `FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;${times}`;
    const task = firstTask("UTC", "2000-12-20T08:00:00", { rule });
    expect(nextOccurrence(task, task.due)!.due.toISOString()).toBe("2000-12-20T08:00:01.000Z");
    const late = nextOccurrence(task, new Date("2026-11-05T23:59:59Z"))!;
    expect(late.due.toISOString()).toBe("2026-11-06T00:00:00.000Z");
  });
});
