import { setTimeout as sleep } from "node:timers/promises";
import { lapsedRuns } from "#data/platform/holds.ts";
import type { Run, RunState } from "#data/platform/schema.ts";
import { dueRuns } from "#data/platform/waiting-runs.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { logOf } from "./run-log.ts";
import { send } from "./sending.ts";
import type { Settlement } from "./settlement.ts";

/** Runs whose message should have come this long ago are picked up by the sweep. */
const OVERDUE_MS = 10_000;

/** A sweep ends before the next minute's begins. */
const SWEEPS_FOR_MS = 40_000;

export interface SweepOptions {
  /** Most runs that it has sent and that nobody has taken yet. Default 1,000. */
  readonly limit?: number;
  /** Waits until it looks how many were taken, and sends as many more. Default: a second. */
  readonly pause?: () => Promise<void>;
  readonly signal?: AbortSignal;
}

/**
 * Finds due runs that no message brought to a worker, and sends them again, oldest first. A backlog that still flows from its queue is
 * not doubled there: of that only those are sent that others overtook. One whose messages are all lost is sent as fast as it is taken.
 * @returns how many
 */
export async function sweepOverdue(
  deps: RunnerDependencies,
  { limit = 1_000, signal, pause = () => sleep(1_000, undefined, signal && { signal }) }: SweepOptions,
): Promise<number> {
  const oldest = () => dueRuns(deps.db, deps.clock.now(), OVERDUE_MS, limit);
  const found = await oldest();
  if (found.length < limit) return sendNow(deps, found);
  await pause();
  let due = await oldest();
  const waits = new Set(due.map(({ id }) => id));
  const left = found.filter(({ id }) => waits.has(id));
  if (left.length < found.length) return sendNow(deps, left);

  const until = performance.now() + SWEEPS_FOR_MS;
  const sent = new Set<string>();
  for (;;) {
    // Those that were sent and not taken are among the oldest still.
    const others = due.filter(({ id }) => !sent.has(id));
    await sendNow(deps, others);
    for (const { id } of others) sent.add(id);
    if (due.length < limit || others.length === 0 || performance.now() > until) return sent.size;
    await pause();
    due = await oldest();
  }
}

async function sendNow(deps: RunnerDependencies, runs: readonly Pick<Run, "id" | "jobId">[]): Promise<number> {
  const now = deps.clock.now();
  await send(
    deps,
    runs.map((run) => ({ ...run, notBefore: now })),
  );
  return runs.length;
}

/** Moves runs whose holder went silent: to their next attempt, or to the dead ones. @returns how many of each */
export async function rescueLapsed(
  deps: RunnerDependencies,
  settlement: Settlement,
  limit: number,
): Promise<{ retrying: number; dead: number }> {
  const lapsed = Map.groupBy(await lapsedRuns(deps.db, limit), ({ jobId }) => jobId);
  const settled: Run[] = [];
  for (const runs of lapsed.values()) settled.push(...(await rescueTogether(deps, settlement, runs)));
  const count = (state: RunState) => settled.filter((run) => run.state === state).length;
  return { retrying: count("retrying"), dead: settled.length - count("retrying") };
}

/**
 * Runs of one job in one statement: a process that dies may leave hundreds of a batch. Never throws: a run whose own tracking fails must
 * not keep all others with their dead holders.
 */
async function rescueTogether(deps: RunnerDependencies, settlement: Settlement, runs: readonly Run[]): Promise<Run[]> {
  try {
    const job = await deps.findJob(runs[0]!.jobId);
    const lost = runs.map((run) => ({ run, ending: { kind: "threw" as const, error: new LostHolder(run) } }));
    const settled = await settlement.settle(job, null, lost);
    for (const run of settled) logOf(deps.log, run).warn("Rescued from a silent holder", { state: run.state });
    return settled;
  } catch (error) {
    if (runs.length > 1) {
      const alone: Run[] = [];
      for (const run of runs) alone.push(...(await rescueTogether(deps, settlement, [run])));
      return alone;
    }
    const message = "Could not be rescued from a silent holder; the next minute tries again";
    logOf(deps.log, runs[0]!).error(message, { error });
    return [];
  }
}

/** The process that held the run died or was cut off. */
class LostHolder extends Error {
  override name = "LostHolder";
  readonly errorClass = "transient";
  constructor({ leaseHolder, attempt }: Run) {
    super(`its holder ${leaseHolder} went silent while it ran attempt ${attempt}`);
  }
}
