import { setTimeout as sleep } from "node:timers/promises";
import type { Run } from "#data/platform/platform-schema.ts";
import { dueRuns } from "#data/platform/waiting-runs.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { dispatch } from "./dispatch.ts";
import { refusedWork } from "./refused-work.ts";

/** The sweep dispatches runs again that have been due for longer than this. */
const OVERDUE_MS = 10_000;

/** A sweep ends before the next minute's begins. */
const LONGEST_SWEEP_MS = 40_000;

export interface SweepOptions {
  /** Most dispatched runs that wait for a claim at a time. Default 1,000. */
  readonly limit?: number;
  /** Waits before it counts the claimed ones and dispatches as many more. Default: a second. */
  readonly pause?: () => Promise<void>;
  readonly signal?: AbortSignal;
}

/**
 * The sweep: dispatches due runs again that no worker has claimed, oldest first. A backlog that workers still claim
 * from its queue is not doubled there: of that, only runs that others overtook. A backlog without messages is
 * dispatched as fast as workers claim it. Runs whose queue does not deliver are executed in this process.
 * @returns how many runs
 */
export async function dispatchOverdue(
  deps: RunnerDependencies,
  { limit = 1_000, signal, pause = () => sleep(1_000, undefined, signal && { signal }) }: SweepOptions,
): Promise<number> {
  const refused = await refusedWork(deps, OVERDUE_MS);
  const oldest = () => dueRuns(deps.db, { now: deps.clock.now(), overdueMs: OVERDUE_MS, ...refused, limit });
  const found = await oldest();
  if (found.length < limit) return dispatchNow(deps, found);
  await pause();
  let due = await oldest();
  const waits = new Set(due.map(({ id }) => id));
  const left = found.filter(({ id }) => waits.has(id));
  if (left.length < found.length) return dispatchNow(deps, left);

  const until = performance.now() + LONGEST_SWEEP_MS;
  const dispatched = new Set<string>();
  for (;;) {
    // Dispatched runs that no worker has claimed are still among the oldest.
    const others = due.filter(({ id }) => !dispatched.has(id));
    await dispatchNow(deps, others);
    for (const { id } of others) dispatched.add(id);
    if (due.length < limit || others.length === 0 || performance.now() > until) return dispatched.size;
    await pause();
    due = await oldest();
  }
}

async function dispatchNow(deps: RunnerDependencies, runs: readonly Pick<Run, "id" | "jobId">[]): Promise<number> {
  const now = deps.clock.now();
  await dispatch(
    deps,
    runs.map((run) => ({ ...run, notBefore: now })),
  );
  await deps.executeUndelivered?.(runs.map(({ id, jobId }) => ({ id, jobId, at: now })));
  return runs.length;
}
