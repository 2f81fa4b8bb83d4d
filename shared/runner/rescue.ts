import type { Run, RunState } from "#data/platform/platform-schema.ts";
import { runsWithExpiredLease } from "#data/platform/run-leases.ts";
import { announce } from "./announce.ts";
import type { Completion } from "./complete.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import type { OpenEnding } from "./ending.ts";
import { logOf } from "./run-log.ts";

/** Moves runs whose lease has expired to their next attempt, or to the dead runs. @returns how many of each */
export async function rescueExpired(
  deps: RunnerDependencies,
  completion: Completion,
  limit: number,
): Promise<{ retrying: number; dead: number }> {
  const expired = Map.groupBy(await runsWithExpiredLease(deps.db, limit), ({ jobId }) => jobId);
  const rescued: Run[] = [];
  for (const runs of expired.values()) rescued.push(...(await rescueTogether(deps, completion, runs)));
  const count = (state: RunState) => rescued.filter((run) => run.state === state).length;
  return { retrying: count("retrying"), dead: rescued.length - count("retrying") };
}

/**
 * Rescues runs of one job in one statement: a process that dies may leave hundreds of a batch. Never throws: a run
 * whose hooks fail must not keep all others from their rescue.
 */
async function rescueTogether(deps: RunnerDependencies, completion: Completion, runs: readonly Run[]): Promise<Run[]> {
  try {
    const job = await deps.findJob(runs[0]!.jobId);
    const executed = runs.map((run) => ({
      run,
      ending: endingOfExpired(run),
      progress: null,
    }));
    const rescued = await announce(deps, await completion.completeExpired(job, executed));
    for (const run of rescued) logOf(deps.log, run).warn("Rescued: its lease had expired", { state: run.state });
    return rescued;
  } catch (error) {
    if (runs.length > 1) {
      const alone: Run[] = [];
      for (const run of runs) alone.push(...(await rescueTogether(deps, completion, [run])));
      return alone;
    }
    logOf(deps.log, runs[0]!).error("Rescuing a run failed; the next rescue retries it", { error });
    return [];
  }
}

/**
 * A run that a person cancelled ends cancelled, although no heartbeat has seen the request. One that a gate was
 * stopping waits for the gate.
 */
function endingOfExpired(run: Run): OpenEnding {
  const { cancelRequestedAt, reasonCode, reason } = run;
  if (cancelRequestedAt) return { kind: "cancelled", reason: reason ?? "cancelled on request" };
  if (reasonCode !== null) return { kind: "blocked", code: reasonCode, reason: reason ?? reasonCode };
  return { kind: "threw", error: new LeaseExpired(run) };
}

/** The process that held the run died, hung or lost its connection. */
class LeaseExpired extends Error {
  override name = "LeaseExpired";
  readonly errorClass = "transient";
  constructor({ leaseHolder, attempt }: Run) {
    super(`the lease of ${leaseHolder} expired during attempt ${attempt}`);
  }
}
