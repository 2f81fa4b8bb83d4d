/** Zoned schedules: made, asked for their occurrences, registered with a UTC timer, decided at its ticks, and put into words. */
export { countOccurrences } from "./count.ts";
export { describeSchedule } from "./description.ts";
export {
  isOccurrence,
  nextOccurrence,
  occurrenceAtOrAfter,
  occurrenceAtOrBefore,
  occurrencesBetween,
  previousOccurrence,
  upcoming,
} from "./occurrences.ts";
export type { Schedule, ScheduleSettings } from "./schedule.ts";
export { schedule } from "./schedule.ts";
export { ScheduleError } from "./schedule-error.ts";
export type { DueTick, IdleTick, Tick, TickFacts } from "./decide-tick.ts";
export { decideTick } from "./decide-tick.ts";
export { utcSuperset } from "./utc-superset.ts";
