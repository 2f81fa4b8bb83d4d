import { civilDateOf, dayNumberOf, daysInMonth, SECONDS_A_DAY, weekdayOf } from "./calendar.ts";
import { DAY, fieldOf, HOUR, MINUTE, MONTH, SECOND, WEEKDAY } from "./field.ts";
import type { Ncrontab } from "./ncrontab.ts";
import { writeNcrontab } from "./ncrontab.ts";
import { makesUpForSkipped } from "./occurrences.ts";
import type { Schedule } from "./schedule.ts";
import { schedule } from "./schedule.ts";
import { stretchesBetween, zoneOf } from "./zone.ts";

/** The years whose clock changes are covered: a cycle of weekdays and leap days (28 years), and those since 2000. */
const COVERED = { from: Date.UTC(2000, 0, 1) / 1000, to: Date.UTC(2041, 0, 1) / 1000 };

const MINUTES_A_DAY = 1440;

const supersets = new WeakMap<Schedule, Schedule>();

/**
 * The UTC expression for the timer trigger: it fires at every occurrence of the schedule, and sometimes without one
 * (`decideTick` decides). `0 30 16 * * *` in Europe/Berlin gives `0 30 14,15 * * *`.
 *
 * It covers every offset of the zone from 2000 to 2040 on every day of the schedule, in any season, and the instants at
 * which skipped times are due. No field has more values than these need.
 */
export function utcSuperset(schedule: Schedule): string {
  return supersetOf(schedule).expression;
}

/** The same as a schedule. */
export function supersetOf(zoned: Schedule): Schedule {
  let superset = supersets.get(zoned);
  if (!superset) {
    superset = schedule(writeNcrontab(coverInUtc(zoned)), "UTC");
    supersets.set(zoned, superset);
  }
  return superset;
}

function coverInUtc(schedule: Schedule): Ncrontab {
  const cover = new Cover();
  const offsets = new Set<number>();
  for (const stretch of stretchesBetween(zoneOf(schedule.zone), COVERED.from, COVERED.to)) {
    offsets.add(stretch.offset);
    if (makesUpForSkipped(schedule, stretch)) cover.addInstant(stretch.start);
  }
  for (const offset of offsets) cover.addShifted(schedule.fields, offset);
  return cover.toNcrontab();
}

/** Collects, field by field, the values that a UTC expression must allow. */
class Cover {
  readonly #seconds = new Set<number>();
  readonly #minutes = new Set<number>();
  readonly #hours = new Set<number>();
  readonly #days = new Set<number>();
  readonly #months = new Set<number>();
  readonly #weekdays = new Set<number>();

  addInstant(instant: number): void {
    const dayNumber = Math.floor(instant / SECONDS_A_DAY);
    const time = instant - dayNumber * SECONDS_A_DAY;
    this.#seconds.add(time % 60);
    this.#addMinuteOfDay(Math.floor(time / 60));
    this.#addDate(dayNumber);
    this.#weekdays.add(weekdayOf(dayNumber));
  }

  /** Offsets have been whole minutes since 1972, so the seconds do not change. */
  addShifted({ second, minute, hour, day, month, weekday }: Ncrontab, offset: number): void {
    const dayShifts = new Set<number>();
    for (const h of hour.values) {
      for (const m of minute.values) {
        const shifted = h * 60 + m - offset / 60;
        const dayShift = Math.floor(shifted / MINUTES_A_DAY);
        this.#addMinuteOfDay(shifted - dayShift * MINUTES_A_DAY);
        dayShifts.add(dayShift);
      }
    }
    for (const value of second.values) this.#seconds.add(value);
    for (const dayShift of dayShifts) {
      for (const value of weekday.values) this.#weekdays.add((value + dayShift + 7) % 7);
      // A leap year and a common year: every existing date, with every possible neighbour.
      for (const year of [2000, 2001]) {
        for (const m of month.values) {
          for (const d of day.values) {
            if (d <= daysInMonth(year, m)) this.#addDate(dayNumberOf({ year, month: m, day: d }) + dayShift);
          }
        }
      }
    }
  }

  toNcrontab(): Ncrontab {
    return {
      second: fieldOf(SECOND, this.#seconds),
      minute: fieldOf(MINUTE, this.#minutes),
      hour: fieldOf(HOUR, this.#hours),
      day: fieldOf(DAY, this.#days),
      month: fieldOf(MONTH, this.#months),
      weekday: fieldOf(WEEKDAY, this.#weekdays),
    };
  }

  #addMinuteOfDay(minuteOfDay: number): void {
    this.#minutes.add(minuteOfDay % 60);
    this.#hours.add(Math.floor(minuteOfDay / 60));
  }

  #addDate(dayNumber: number): void {
    const { month, day } = civilDateOf(dayNumber);
    this.#months.add(month);
    this.#days.add(day);
  }
}
