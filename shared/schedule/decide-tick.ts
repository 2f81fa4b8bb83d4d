import { isOccurrence, nextOccurrence, occurrenceAtOrBefore, occurrencesBetween } from "./occurrences.ts";
import type { Schedule } from "./schedule.ts";
import { supersetOf } from "./utc-superset.ts";

/** What the caller knows when its timer fires. */
export interface TickFacts {
  readonly now: Date;
  /** The newest slot of this job that is accounted for. Without it the decision relies on the timer alone. */
  readonly lastSlot?: Date | null | undefined;
  /** The host missed a firing and fires now instead. Default false. */
  readonly isPastDue?: boolean | undefined;
  /** How long before its slot a timer may fire, in ms. Default 2,000. */
  readonly earlyByMs?: number | undefined;
  /** Up to how long after its slot a tick counts as on time, in ms. Default 60,000. */
  readonly onTimeWithinMs?: number | undefined;
}

/** A tick that belongs to a slot, or to none. `slot` is the identity of the run: (job id, slot) is unique. */
export type Tick = DueTick | IdleTick;

export interface DueTick {
  readonly state: "on time" | "late";
  readonly slot: Date;
  /** `now` minus `slot`; below zero when the timer was early. */
  readonly lateByMs: number;
  /** Slots after `lastSlot` and before `slot`, oldest first, computed lazily; none when `lastSlot` is not known. */
  readonly missed: Iterable<Date>;
  readonly next: Date | null;
}

export interface IdleTick {
  readonly state: "idle";
  readonly slot: null;
  /** A sentence for the log. */
  readonly reason: string;
  readonly next: Date | null;
}

/**
 * Decides which slot a timer tick belongs to.
 *
 * The timer runs on `utcSuperset`, so the tick belongs to its nearest instant (the last one, or the next one within
 * `earlyByMs`). It is due when that instant is an occurrence in the zone; when an occurrence since `lastSlot` is still
 * open; or, past due, for the last occurrence. A repeated tick gets the same slot, and the unique slot refuses it.
 */
export function decideTick(schedule: Schedule, facts: TickFacts): Tick {
  const { now, lastSlot, isPastDue = false, earlyByMs = 2_000 } = facts;
  const latest = occurrenceAtOrBefore(schedule, now);
  const isOpen = latest !== null && (lastSlot ? latest > lastSlot : isPastDue);
  if (latest && isOpen) return due(schedule, facts, latest);

  const instant = instantOf(supersetOf(schedule), now, earlyByMs);
  if (!instant || !isOccurrence(schedule, instant)) {
    return idle(schedule, facts, `${iso(instant ?? now)} is no occurrence in ${schedule.zone}`);
  }
  if (lastSlot && instant <= lastSlot) return idle(schedule, facts, `slot ${iso(instant)} is accounted for`);
  return due(schedule, facts, instant);
}

/** The instant for which a timer fired at `now`. */
function instantOf(timer: Schedule, now: Date, earlyByMs: number): Date | null {
  const last = occurrenceAtOrBefore(timer, now);
  const next = nextOccurrence(timer, now);
  if (!next) return last;
  const untilNext = next.getTime() - now.getTime();
  const sinceLast = last ? now.getTime() - last.getTime() : Infinity;
  return untilNext <= earlyByMs && untilNext < sinceLast ? next : last;
}

function due(schedule: Schedule, { now, lastSlot, onTimeWithinMs = 60_000 }: TickFacts, slot: Date): DueTick {
  const lateByMs = now.getTime() - slot.getTime();
  return {
    state: lateByMs <= onTimeWithinMs ? "on time" : "late",
    slot,
    lateByMs,
    missed: lastSlot ? occurrencesBetween(schedule, new Date(lastSlot.getTime() + 1), slot) : [],
    next: nextOccurrence(schedule, slot),
  };
}

function idle(schedule: Schedule, { now, lastSlot }: TickFacts, reason: string): IdleTick {
  // A clock that was set back must not name a slot again that has run.
  const next = nextOccurrence(schedule, lastSlot && lastSlot > now ? lastSlot : now);
  return {
    state: "idle",
    slot: null,
    reason: `${reason}; ${next ? `next is ${iso(next)}` : "none will follow"}`,
    next,
  };
}

function iso(date: Date): string {
  return date.toISOString().replace(".000Z", "Z");
}
