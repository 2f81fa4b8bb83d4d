import type { Missed } from "#jobs/triggers.ts";
import { inWords } from "#schedule/duration.ts";
import { occurrencesBetween, type Schedule } from "#schedule/index.ts";

export interface MissedPolicy {
  readonly missed: Missed;
  /** Null: never too late. */
  readonly maxLatenessMs: number | null;
}

/** The decision about one missed slot: it runs late, or it is recorded as skipped with the reason. */
export type MissedSlot =
  | { readonly slot: Date; readonly runs: true }
  | {
      readonly slot: Date;
      readonly runs: false;
      readonly code: "missed" | "caught-up" | "too-late";
      readonly reason: string;
    };

/** Most missed slots that `all` runs: the newest, oldest first. */
export const MOST_CAUGHT_UP = 100;

/**
 * Decides which slots that passed without a tick run late. Pure.
 * @param missed oldest first
 * @param after how many more were missed after these, and which slot comes next and runs now
 */
export function decideMissedSlots(
  missed: readonly Date[],
  { missed: policy, maxLatenessMs }: MissedPolicy,
  { after, next, now }: { after: number; next: Date; now: Date },
): MissedSlot[] {
  const all = missed.length + after;
  return missed.map((slot, index): MissedSlot => {
    const lateMs = now.getTime() - slot.getTime();
    if (policy === "once") {
      const reason = `missed while no timer fired; the slot of ${next.toISOString()} runs for it`;
      return { slot, runs: false, code: "caught-up", reason };
    }
    if (policy === "skip") {
      return { slot, runs: false, code: "missed", reason: "missed while no timer fired; this job skips such slots" };
    }
    if (isTooLate(lateMs, maxLatenessMs)) return { slot, runs: false, ...tooLate(lateMs, maxLatenessMs) };
    if (all - index <= MOST_CAUGHT_UP) return { slot, runs: true };
    const reason = `missed with ${all - 1} others while no timer fired; only the newest ${MOST_CAUGHT_UP} run`;
    return { slot, runs: false, code: "missed", reason };
  });
}

/** Why a slot that is ticked late does not run, if so. @param isLate later than a timer may be */
export function latenessRefusal(
  { missed, maxLatenessMs }: MissedPolicy,
  { lateMs, isLate }: { lateMs: number; isLate: boolean },
): { code: "missed" | "too-late"; reason: string } | null {
  if (isTooLate(lateMs, maxLatenessMs)) return tooLate(lateMs, maxLatenessMs);
  if (!isLate || missed !== "skip") return null;
  return { code: "missed", reason: `its timer fired ${inWords(lateMs)} late; this job skips missed slots` };
}

/** A slot is late from this on, as for a tick. */
const LATE_FROM_MS = 60_000;

/** Decides whether the newest missed slot runs. Pure. */
export function decideLastMissedSlot(slot: Date, policy: MissedPolicy, now: Date): MissedSlot {
  const lateMs = now.getTime() - slot.getTime();
  const refusal = latenessRefusal(policy, { lateMs, isLate: lateMs > LATE_FROM_MS });
  return refusal ? { slot, runs: false, ...refusal } : { slot, runs: true };
}

/** The slots of a range, `from` included and `to` excluded, that have no row in the ledger. Pure. */
export function unaccounted(
  schedule: Schedule,
  { from, to }: { from: Date; to: Date },
  recorded: ReadonlySet<number>,
): Date[] {
  return [...occurrencesBetween(schedule, from, to)].filter((slot) => !recorded.has(slot.getTime()));
}

function isTooLate(lateMs: number, maxLatenessMs: number | null): maxLatenessMs is number {
  return maxLatenessMs !== null && lateMs > maxLatenessMs;
}

function tooLate(lateMs: number, maxLatenessMs: number): { code: "too-late"; reason: string } {
  return {
    code: "too-late",
    reason: `${inWords(lateMs)} late, which is more than the ${inWords(maxLatenessMs)} that this job allows`,
  };
}
