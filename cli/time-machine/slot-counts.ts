import type { RunState } from "#data/platform/schema.ts";
import { nextOccurrence, occurrencesBetween, type Schedule } from "#schedule/index.ts";
import type { Span } from "./simulation-plan.ts";

/** What the ledger says about one slot. */
export interface SlotRow {
  readonly slot: Date;
  readonly state: RunState;
  readonly startedAt: Date | null;
  readonly reasonCode: string | null;
}

/** What became of the slots of one job. Every slot that was called for is in exactly one of the numbers, or unaccounted. */
export interface Account {
  /** Slots that the schedule calls for, found without any timer. */
  readonly calledFor: number;
  /** Ran within a minute of their time. */
  readonly ran: number;
  /** Ran later than that, before the next slot was due. */
  readonly ranLate: number;
  /** Ran when the next slot was due already. */
  readonly caughtUp: number;
  /** Ran and failed for good. */
  readonly failed: number;
  /** Have not ended by the end of the span: their retry comes later. */
  readonly waiting: number;
  /** By the reason's code. */
  readonly skipped: Readonly<Record<string, number>>;
  /** Called for, and not in the ledger. */
  readonly unaccounted: readonly Date[];
  /** In the ledger, and not called for. */
  readonly uncalledFor: readonly Date[];
}

const ON_TIME_MS = 60_000;

/** Holds what the schedule calls for against what the ledger has. */
export function accountFor(schedule: Schedule, { from, to }: Span, rows: readonly SlotRow[]): Account {
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

/** The accounts of several spans of one job as one. */
export function together(accounts: readonly Account[]): Account {
  const sum = (number: (account: Account) => number) => accounts.reduce((total, each) => total + number(each), 0);
  const codes = new Set(accounts.flatMap(({ skipped }) => Object.keys(skipped)));
  return {
    calledFor: sum(({ calledFor }) => calledFor),
    ran: sum(({ ran }) => ran),
    ranLate: sum(({ ranLate }) => ranLate),
    caughtUp: sum(({ caughtUp }) => caughtUp),
    failed: sum(({ failed }) => failed),
    waiting: sum(({ waiting }) => waiting),
    skipped: Object.fromEntries([...codes].map((code) => [code, sum(({ skipped }) => skipped[code] ?? 0)])),
    unaccounted: accounts.flatMap(({ unaccounted }) => unaccounted),
    uncalledFor: accounts.flatMap(({ uncalledFor }) => uncalledFor),
  };
}

function punctuality(schedule: Schedule, { slot, startedAt }: SlotRow): "ran" | "ranLate" | "caughtUp" {
  // Without a start it cannot have succeeded; the table demands none.
  const started = startedAt ?? slot;
  const next = nextOccurrence(schedule, slot);
  if (next && started >= next) return "caughtUp";
  return started.getTime() - slot.getTime() <= ON_TIME_MS ? "ran" : "ranLate";
}
