import type { Executor } from "#data/client.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { claimRuns } from "#data/platform/run-claims.ts";
import { isUniqueViolation } from "#jobs/error-class.ts";
import { gatedOf, type Job } from "#jobs/job.ts";
import { leaseOf, type RunnerDependencies } from "./dependencies.ts";
import { runHooks } from "./run-hooks.ts";
import { settingsRefusal } from "./settings-refusal.ts";

/** Starts the next attempt of waiting runs of one job. @returns those that this process holds now */
export async function claim(deps: RunnerDependencies, job: Job, ids: readonly string[]): Promise<Run[]> {
  const { db, clock, observer } = deps;
  if (settingsRefusal(deps, job)) return [];
  const claimAll = async (tx: Executor) => {
    const runs = await claimRuns(tx, ids, gatedOf(job), leaseOf(deps), clock.now());
    await runHooks(tx, job, runs, observer);
    return runs;
  };
  try {
    return await (job.onTransition ? db.transaction(claimAll) : claimAll(db));
  } catch (error) {
    // Two runs of one concurrency key were claimed in the same instant: the index lets one of them through.
    if (!isUniqueViolation(error)) throw error;
    if (ids.length === 1) return [];
    return (await Promise.all(ids.map((id) => claim(deps, job, [id])))).flat();
  }
}
