import type { Run } from "#data/platform/schema.ts";

/** How long a run waits at first before it looks by itself whether what is in its way has gone. */
const FIRST_LOOK_MS = 1_000;

/** From then on the sweep looks after a run that waits for its key. */
const LOOKS_FOR_MS = 10_000;

/** Two looks at a run in the same instant are over after this. */
const AT_ONCE_MS = 50;

/**
 * When a run that could not start looks again; never when it leaves that to others. Who waits for a concurrency key is roused by whoever
 * gives it up: what it does by itself is for messages that get lost, rarer the longer it waits, and at last left to the sweep. A line
 * of thousands that all came back each second would cost more than its work.
 */
export function nextLook<Waiting extends Pick<Run, "notBefore" | "concurrencyKey">>(
  run: Waiting,
  { isFirst, now }: { isFirst: boolean; now: Date },
): Waiting[] {
  const waitMs = waitOf(run, isFirst, now);
  return waitMs === null ? [] : [{ ...run, notBefore: new Date(now.getTime() + waitMs) }];
}

function waitOf(run: Pick<Run, "notBefore" | "concurrencyKey">, isFirst: boolean, now: Date): number | null {
  const waitedMs = run.notBefore ? now.getTime() - run.notBefore.getTime() : 0;
  if (waitedMs < 0) return Math.max(-waitedMs, FIRST_LOOK_MS);
  // Whoever had the key has roused it, and another look at it passed it over as well: nobody will rouse it again.
  if (isFirst) return AT_ONCE_MS;
  // Slots of a job without a key wait for older ones to start, and nothing tells them of that.
  if (run.concurrencyKey === null) return FIRST_LOOK_MS;
  return waitedMs < LOOKS_FOR_MS ? Math.max(waitedMs, FIRST_LOOK_MS) : null;
}
