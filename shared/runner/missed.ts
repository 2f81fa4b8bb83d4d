import type { Run } from "#data/platform/schema.ts";
import { insertSlots } from "#data/platform/slots.ts";
import type { NewRun } from "#data/platform/waiting-runs.ts";
import type { Job } from "#jobs/define-job.ts";
import { fatesOf } from "#jobs/missed-slots.ts";
import { countOccurrences, occurrencesBetween, type Schedule } from "#schedule/index.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { follow } from "./tracking.ts";

/** Slots that one transaction records. A job of every second that was down for a day has 86,400. */
const BATCH = 1_000;

/**
 * Records the slots that passed between two that are accounted for, oldest first, so that whoever dies in between leaves a ledger
 * without a hole that the next tick goes on from.
 * @returns those that wait for a worker now
 */
export async function recordMissed(
  { db, clock, log, watch }: Pick<RunnerDependencies, "db" | "clock" | "log" | "watch">,
  job: Job,
  {
    schedule,
    since,
    next,
    candidate,
  }: {
    schedule: Schedule;
    since: Date;
    next: Date;
    candidate: (slot: Date) => NewRun & { readonly scheduledFor: Date };
  },
): Promise<Run[]> {
  const from = new Date(since.getTime() + 1);
  const count = countOccurrences(schedule, from, next);
  const now = clock.now();
  const waiting: Run[] = [];
  let recorded = 0;
  for (const batch of batchesOf(occurrencesBetween(schedule, from, next), BATCH)) {
    const fates = fatesOf(batch, job, { after: count - recorded - batch.length, next, now });
    const slots = fates.map((fate, place) => ({
      run: candidate(fate.slot),
      refusal: fate.runs ? null : { code: fate.code, reason: fate.reason },
      // A millisecond apart, so that the sweep too finds them in their order.
      notBefore: new Date(now.getTime() - batch.length + place),
    }));
    const rows = await db.transaction(async (tx) => {
      const inserted = await insertSlots(tx, slots, now);
      await follow(tx, job, inserted, watch);
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
