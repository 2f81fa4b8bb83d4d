import type { Db } from "#data/client.ts";
import { dueRunsInScope } from "#data/platform/pauses.ts";
import type { Scope } from "#data/platform/scope.ts";
import type { Enqueuer } from "#runner/enqueue.ts";
import type { Clock } from "#schedule/clock.ts";

/** Runs that are read and dispatched at a time. */
const PAGE = 1_000;
const MAX_RUNS = 10_000;

/**
 * Dispatches the due waiting runs of a scope now, at most 10,000: the sweep dispatches the others as fast as workers
 * claim them. A run that another gate still stops waits again.
 * @returns how many
 */
export async function dispatchWaitingRuns(
  { db, enqueuer, clock }: { db: Db; enqueuer: Pick<Enqueuer, "dispatch">; clock: Clock },
  scope: Scope,
): Promise<number> {
  const now = clock.now();
  let dispatched = 0;
  for (let after: string | null = null; ;) {
    const page = await dueRunsInScope(db, { scope, now, after, limit: PAGE });
    await enqueuer.dispatch(page.map((run) => ({ ...run, notBefore: now })));
    dispatched += page.length;
    const last = page.at(-1);
    if (!last || page.length < PAGE || dispatched >= MAX_RUNS) return dispatched;
    after = last.id;
  }
}
