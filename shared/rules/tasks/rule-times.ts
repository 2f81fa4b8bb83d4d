import type { RecurrenceRule } from "./recurrence-rule.ts";

/** The times of a day of a rule, as seconds of the day, sorted. There can be 86,400: none is computed in advance. */
export interface RuleTimes {
  readonly size: number;
  readonly at: (place: number) => number;
  /** The place of the first time that is not before a second of the day; `size` when there is none. */
  readonly placeFrom: (second: number) => number;
}

/** @param start the second of the day from which hours, minutes and seconds come that the rule does not name */
export function timesOf({ hours, minutes, seconds }: RecurrenceRule, start: number): RuleTimes {
  const or = (given: readonly number[], own: number) => (given.length > 0 ? given : [own]);
  const ofDay = or(hours, Math.floor(start / 3_600));
  const ofHour = or(minutes, Math.floor(start / 60) % 60);
  const ofMinute = or(seconds, start % 60);
  const size = ofDay.length * ofHour.length * ofMinute.length;
  const at = (place: number) =>
    ofDay[Math.floor(place / (ofHour.length * ofMinute.length))]! * 3_600 +
    ofHour[Math.floor(place / ofMinute.length) % ofHour.length]! * 60 +
    ofMinute[place % ofMinute.length]!;
  return {
    size,
    at,
    placeFrom(second) {
      let [low, high] = [0, size];
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        if (at(middle) < second) low = middle + 1;
        else high = middle;
      }
      return low;
    },
  };
}

/** Whether a rule names hours, minutes or seconds. */
export function namesTimes({ hours, minutes, seconds }: RecurrenceRule): boolean {
  return hours.length + minutes.length + seconds.length > 0;
}
