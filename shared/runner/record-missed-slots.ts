import type { Run } from "#data/platform/platform-schema.ts";
import { insertSlots } from "#data/platform/slots.ts";
import type { Job } from "#jobs/job.ts";
import { countOccurrences, occurrencesBetween, type Schedule } from "#schedule/index.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { decideMissedSlots } from "./missed-slots.ts";
import { newSlotRun } from "./new-run.ts";
import { runHooks } from "./run-hooks.ts";

/** Slots that one transaction records. A job of every second that was down for a day has 86,400. */
const BATCH = 1_000;

/**
 * Records the slots that passed between two that the ledger knows, oldest first: a process that dies in between leaves
 * no gap before the last recorded slot, and the next tick continues from there.
 * @returns the runs that wait for a worker now
 */
export async function recordMissedSlots(
  deps: RunnerDependencies,
  job: Job,
  { schedule, since, next }: { schedule: Schedule; since: Date; next: Date },
): Promise<Run[]> {
  const { db, clock, log, observer } = deps;
  const from = new Date(since.getTime() + 1);
  const count = countOccurrences(schedule, from, next);
  const now = clock.now();
  const waiting: Run[] = [];
  let recorded = 0;
  for (const batch of batchesOf(occurrencesBetween(schedule, from, next), BATCH)) {
    const decisions = decideMissedSlots(batch, job, { after: count - recorded - batch.length, next, now });
    const slots = decisions.map((decision, index) => ({
      run: newSlotRun(deps, job, decision.slot),
      refusal: decision.runs ? null : { code: decision.code, reason: decision.reason },
      // A millisecond apart, so that the sweep finds them in their order too.
      notBefore: new Date(now.getTime() - batch.length + index),
    }));
    const rows = await db.transaction(async (tx) => {
      const inserted = await insertSlots(tx, slots, now);
      await runHooks(tx, job, inserted, observer);
      return inserted;
    });
    waiting.push(...rows.filter(({ state }) => state === "queued"));
    recorded += batch.length;
  }
  log.warn("Slots were missed", { job: job.id, since, missed: recorded, caughtUp: waiting.length, policy: job.missed });
  return waiting;
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
