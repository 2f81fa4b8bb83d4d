import fc from "fast-check";
import type { RandomSeries } from "./series-oracle.ts";

/** Zones with gaps of half an hour, two hours, a day; at midnight, in Ramadan, twice a year in both hemispheres. */
export const ODD_ZONES = [
  "Australia/Lord_Howe",
  "America/Nuuk",
  "Pacific/Apia",
  "Pacific/Kiritimati",
  "America/Santiago",
  "Africa/Cairo",
  "Antarctica/Troll",
  "Africa/Casablanca",
  "America/Sao_Paulo",
  "Asia/Beirut",
  "America/Asuncion",
  "America/Havana",
  "Asia/Gaza",
  "Asia/Tehran",
  "Europe/Berlin",
  "America/New_York",
  "Asia/Kathmandu",
  "UTC",
];

const some = (values: readonly (string | number)[], most = 3) =>
  fc.option(
    fc.subarray([...values], { minLength: 1, maxLength: most }).map((chosen) => chosen.join(",")),
    { freq: 1 },
  );
const weekdays = some(["MO", "TU", "WE", "TH", "FR", "SA", "SU"], 4);
const times = {
  BYHOUR: some([0, 1, 2, 3, 9, 12, 17, 22, 23], 4),
  BYMINUTE: some([0, 15, 30, 45, 59]),
  BYSECOND: fc.option(fc.constantFrom("0", "0,30", "59"), { freq: 5 }),
};
const periods = {
  INTERVAL: fc.option(fc.constantFrom("1", "2", "3", "5", "7", "13")),
  WKST: fc.option(fc.constantFrom("MO", "SU", "TH"), { freq: 3 }),
  BYMONTH: fc.option(fc.constantFrom("1", "2", "3,4", "3,10", "4,9,10", "1,3,5,7,9,11"), { freq: 2 }),
};
const days = {
  DAILY: { BYMONTHDAY: some([1, 15, 28, 31, -1]), BYDAY: weekdays },
  WEEKLY: { BYDAY: weekdays },
  MONTHLY: {
    BYMONTHDAY: some([1, 15, 29, 30, 31, -1, -31]),
    BYDAY: fc.oneof(weekdays, some(["1MO", "-1FR", "5WE", "-1SU", "-1SA", "2SU"])),
  },
  YEARLY: {
    BYMONTHDAY: some([1, 29, 31, -1]),
    BYDAY: fc.oneof(weekdays, some(["1MO", "-1FR", "5WE", "-1SU"])),
    BYYEARDAY: fc.option(fc.constantFrom("1", "60,366", "-1", "-366,100"), { freq: 4 }),
  },
} satisfies Record<string, Record<string, fc.Arbitrary<string | null>>>;
const positions = fc.option(fc.constantFrom("1", "-1", "1,3", "2", "-2,1"), { freq: 3 });

/** Rules without COUNT and UNTIL that the library reads as RFC 5545 does. */
export const rules: fc.Arbitrary<string> = fc
  .constantFrom(...(["DAILY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"] as const))
  .chain((frequency) =>
    fc.record({ ...periods, ...days[frequency], ...times, BYSETPOS: positions }).map(({ BYSETPOS, ...others }) => {
      const written = Object.entries(others).flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`]));
      const hasParts = written.some((part) => part.startsWith("BY"));
      // The library counts positions of a first week from the start, RFC 5545 from the week's own beginning.
      if (BYSETPOS !== null && hasParts && frequency !== "WEEKLY") written.push(`BYSETPOS=${BYSETPOS}`);
      return [`FREQ=${frequency}`, ...written].join(";");
    }),
  );

const HOUR_MS = 3_600_000;
const dues = fc
  .oneof(
    fc.date({ min: new Date("1990-01-01"), max: new Date("2035-01-01"), noInvalidDate: true }),
    // Half of the series begin near a clock change of some zone.
    fc
      .record({
        near: fc.constantFrom("2011-12-28", "2024-03-28", "2025-03-26", "2025-10-23", "2026-04-02", "2026-09-03"),
        hours: fc.integer({ min: 0, max: 7 * 24 }),
        minute: fc.constantFrom(0, 15, 30, 59),
      })
      .map(({ near, hours, minute }) => new Date(Date.parse(near) + hours * HOUR_MS + minute * 60_000)),
  )
  .map((at) => new Date(Math.floor(at.getTime() / 1_000) * 1_000));

/** Series whose tasks are completed in time or, one in four, up to 40 days late. */
export const randomSeries: fc.Arbitrary<RandomSeries> = fc
  .record({
    due: dues,
    zone: fc.constantFrom(...ODD_ZONES),
    rule: rules,
    count: fc.option(fc.integer({ min: 1, max: 15 }), { freq: 2 }),
    untilDays: fc.option(fc.integer({ min: 0, max: 60 }), { freq: 3 }),
    delays: fc.array(
      fc.oneof(
        { weight: 3, arbitrary: fc.constant(0) },
        fc.integer({ min: 1, max: 40 * 24 * 60 }).map((m) => m * 60_000),
      ),
      { minLength: 12, maxLength: 12 },
    ),
  })
  .map(({ untilDays, ...series }) => ({
    ...series,
    until:
      untilDays === null || series.count !== null ? null : new Date(series.due.getTime() + untilDays * 24 * HOUR_MS),
  }));
