import type { Run } from "#data/platform/platform-schema.ts";

/** The first delay of a run that waits for its concurrency key. */
const FIRST_DELAY_MS = 1_000;

/** A run that has waited longer than this for its concurrency key is left to the sweep. */
const REQUEUED_FOR_MS = 10_000;

/** Two claims of the same instant are over after this. */
const CONCURRENT_CLAIM_MS = 50;

/**
 * The run with the time of its next claim; nothing when the sweep takes care of it. The completion of the run that
 * holds the concurrency key dispatches the next one, so these claims only replace lost messages: their delay doubles,
 * then they stop. Thousands of runs that all returned each second would cost more than their work.
 */
export function requeueDelay<Waiting extends Pick<Run, "notBefore" | "concurrencyKey">>(
  run: Waiting,
  { isFirstInLine, now }: { isFirstInLine: boolean; now: Date },
): Waiting[] {
  const delayMs = delayOf(run, isFirstInLine, now);
  return delayMs === null ? [] : [{ ...run, notBefore: new Date(now.getTime() + delayMs) }];
}

function delayOf(run: Pick<Run, "notBefore" | "concurrencyKey">, isFirstInLine: boolean, now: Date): number | null {
  const waitedMs = run.notBefore ? now.getTime() - run.notBefore.getTime() : 0;
  if (waitedMs < 0) return Math.max(-waitedMs, FIRST_DELAY_MS);
  // The last holder of the key has dispatched it, and a concurrent claim skipped it too: nothing dispatches it again.
  if (isFirstInLine) return CONCURRENT_CLAIM_MS;
  // Slots of a job without a concurrency key wait for older ones to start, and that start dispatches nothing.
  if (run.concurrencyKey === null) return FIRST_DELAY_MS;
  return waitedMs < REQUEUED_FOR_MS ? Math.max(waitedMs, FIRST_DELAY_MS) : null;
}
