/** Schedules in a time zone: parse, next and previous occurrence, UTC timer expression, tick decision, description. */
export { countOccurrences } from "./count.ts";
export type { DueTick, IdleTick, Tick, TickFacts } from "./decide-tick.ts";
export { decideTick } from "./decide-tick.ts";
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
export { utcSuperset } from "./utc-superset.ts";
