import type { Run } from "#data/platform/platform-schema.ts";
import { insertSlots, type RecordedSlot } from "#data/platform/slots.ts";
import type { Job } from "#jobs/job.ts";
import { countOccurrences, occurrencesBetween, type Schedule } from "#schedule/index.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { decideLastMissedSlot, decideMissedSlots, type MissedSlot } from "./missed-slots.ts";
import { newSlotRun } from "./new-run.ts";
import { runHooks } from "./run-hooks.ts";

/** Slots that one transaction records. A job of every second that was down for a day has 86,400. */
const BATCH = 1_000;

/** A range of missed slots, its two ends excluded. */
interface MissedRange {
  readonly schedule: Schedule;
  /** Slots up to this instant are accounted for. */
  readonly since: Date;
  /** The slot that runs now. */
  readonly next: Date;
}

/**
 * Records the slots that passed between two that the ledger knows, oldest first: a process that dies in between leaves
 * no gap before the last recorded slot, and the next tick continues from there.
 * @returns the runs that wait for a worker now
 */
export async function recordMissedSlots(deps: RunnerDependencies, job: Job, range: MissedRange): Promise<Run[]> {
  const recorded = await recordSlotsBefore(deps, job, range);
  logMissed(deps, job, range.since, recorded);
  return recorded.waiting;
}

/**
 * Records the slots after `since` up to `last`, which no tick recorded: the last one runs now, unless the job's policy
 * refuses it, and the policy decides about those before it.
 * @returns the runs that wait for a worker now
 */
export async function catchUpSlots(
  deps: RunnerDependencies,
  job: Job,
  { schedule, since, last }: { schedule: Schedule; since: Date; last: Date },
): Promise<Run[]> {
  const { count, waiting } = await recordSlotsBefore(deps, job, { schedule, since, next: last });
  const now = deps.clock.now();
  const inserted = await insertDecided(deps, job, [decideLastMissedSlot(last, job, now)], now);
  const recorded = { count: count + 1, waiting: [...waiting, ...inserted.filter(isQueued)] };
  if (count > 0 || inserted.length > 0) logMissed(deps, job, since, recorded);
  return recorded.waiting;
}

async function recordSlotsBefore(
  deps: RunnerDependencies,
  job: Job,
  { schedule, since, next }: MissedRange,
): Promise<{ count: number; waiting: Run[] }> {
  const from = new Date(since.getTime() + 1);
  const count = countOccurrences(schedule, from, next);
  const now = deps.clock.now();
  const waiting: Run[] = [];
  let recorded = 0;
  for (const batch of batchesOf(occurrencesBetween(schedule, from, next), BATCH)) {
    const decisions = decideMissedSlots(batch, job, { after: count - recorded - batch.length, next, now });
    waiting.push(...(await insertDecided(deps, job, decisions, now)).filter(isQueued));
    recorded += batch.length;
  }
  return { count: recorded, waiting };
}

/** @returns the new runs; a slot that a tick has recorded in the meantime has none */
async function insertDecided(
  deps: RunnerDependencies,
  job: Job,
  decisions: readonly MissedSlot[],
  now: Date,
): Promise<Run[]> {
  const slots = decisions.map((decision, index): RecordedSlot => ({
    run: newSlotRun(deps, job, decision.slot),
    refusal: decision.runs ? null : { code: decision.code, reason: decision.reason },
    // A millisecond apart, so that the sweep finds them in their order too.
    notBefore: new Date(now.getTime() - decisions.length + index),
  }));
  return deps.db.transaction(async (tx) => {
    const inserted = await insertSlots(tx, slots, now);
    await runHooks(deps, tx, job, inserted);
    return inserted;
  });
}

function logMissed(
  { log }: RunnerDependencies,
  job: Job,
  since: Date,
  { count, waiting }: { count: number; waiting: readonly Run[] },
): void {
  log.warn("Slots were missed", { job: job.id, since, missed: count, caughtUp: waiting.length, policy: job.missed });
}

function isQueued({ state }: Run): boolean {
  return state === "queued";
}

function* batchesOf<T>(values: Iterable<T>, size: number): Generator<T[]> {
  let batch: T[] = [];
  for (const value of values) {
    batch.push(value);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length) yield batch;
}
