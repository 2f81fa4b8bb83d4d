import type { RunState } from "#data/platform/platform-schema.ts";
import { nextOccurrence, occurrencesBetween, type Schedule } from "#schedule/index.ts";
import type { Span } from "./simulation-plan.ts";

/** A slot in the ledger. */
export interface SlotRow {
  readonly slot: Date;
  readonly state: RunState;
  readonly startedAt: Date | null;
  readonly reasonCode: string | null;
}

/** The outcomes of the slots of one job. Every slot of the schedule is in exactly one of these counts. */
export interface SlotCounts {
  /** Slots of the schedule, computed without a timer. */
  readonly calledFor: number;
  /** Started within a minute after their time. */
  readonly ran: number;
  /** Started later, but before the next slot was due. */
  readonly ranLate: number;
  /** Started when the next slot was already due. */
  readonly caughtUp: number;
  /** Ran and ended dead. */
  readonly failed: number;
  /** Not finished at the end of the span: a retry is pending. */
  readonly waiting: number;
  /** By reason code. */
  readonly skipped: Readonly<Record<string, number>>;
  /** Slots of the schedule that are not in the ledger. */
  readonly unaccounted: readonly Date[];
  /** Slots in the ledger that the schedule does not have. */
  readonly uncalledFor: readonly Date[];
}

const ON_TIME_MS = 60_000;

/** Compares the slots of the schedule with the slots in the ledger. */
export function countSlots(schedule: Schedule, { from, to }: Span, rows: readonly SlotRow[]): SlotCounts {
  const open = new Map(rows.map((row) => [row.slot.getTime(), row]));
  const counts = { calledFor: 0, ran: 0, ranLate: 0, caughtUp: 0, failed: 0, waiting: 0 };
  const skipped: Record<string, number> = {};
  const unaccounted: Date[] = [];
  for (const slot of occurrencesBetween(schedule, from, to)) {
    counts.calledFor += 1;
    const row = open.get(slot.getTime());
    open.delete(slot.getTime());
    if (!row) unaccounted.push(slot);
    else if (row.state === "succeeded") counts[punctuality(schedule, row)] += 1;
    else if (row.state === "dead") counts.failed += 1;
    else if (row.state === "skipped" || row.state === "cancelled") {
      const code = row.reasonCode ?? row.state;
      skipped[code] = (skipped[code] ?? 0) + 1;
    } else counts.waiting += 1;
  }
  return { ...counts, skipped, unaccounted, uncalledFor: [...open.values()].map(({ slot }) => slot) };
}

/** Adds up the counts of several spans of one job. */
export function sumSlotCounts(parts: readonly SlotCounts[]): SlotCounts {
  const sum = (number: (part: SlotCounts) => number) => parts.reduce((total, each) => total + number(each), 0);
  const codes = new Set(parts.flatMap(({ skipped }) => Object.keys(skipped)));
  return {
    calledFor: sum(({ calledFor }) => calledFor),
    ran: sum(({ ran }) => ran),
    ranLate: sum(({ ranLate }) => ranLate),
    caughtUp: sum(({ caughtUp }) => caughtUp),
    failed: sum(({ failed }) => failed),
    waiting: sum(({ waiting }) => waiting),
    skipped: Object.fromEntries([...codes].map((code) => [code, sum(({ skipped }) => skipped[code] ?? 0)])),
    unaccounted: parts.flatMap(({ unaccounted }) => unaccounted),
    uncalledFor: parts.flatMap(({ uncalledFor }) => uncalledFor),
  };
}

function punctuality(schedule: Schedule, { slot, startedAt }: SlotRow): "ran" | "ranLate" | "caughtUp" {
  // A succeeded run always has a start; the column is nullable for other states.
  const started = startedAt ?? slot;
  const next = nextOccurrence(schedule, slot);
  if (next && started >= next) return "caughtUp";
  return started.getTime() - slot.getTime() <= ON_TIME_MS ? "ran" : "ranLate";
}
