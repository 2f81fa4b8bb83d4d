import type { Executor } from "#data/client.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { claimRuns } from "#data/platform/run-claims.ts";
import { inputsOf } from "#data/platform/waiting-runs.ts";
import { isUniqueViolation } from "#jobs/error-class.ts";
import { partialRefusals } from "#jobs/gates.ts";
import { gatedOf, type Job } from "#jobs/job.ts";
import { leaseOf, type RunnerDependencies } from "./dependencies.ts";
import { runHooks } from "./run-hooks.ts";
import { settingsRefusal, settingsRefusals } from "./settings-refusal.ts";

/** Starts the next attempt of waiting runs of one job. @returns those that this process holds now */
export async function claim(deps: RunnerDependencies, job: Job, ids: readonly string[]): Promise<Run[]> {
  const { db, clock } = deps;
  const allowed = await allowedBySettings(deps, job, ids);
  if (allowed.length === 0) return [];
  const claimAll = async (tx: Executor) => {
    const runs = await claimRuns(tx, allowed, gatedOf(job), leaseOf(deps), clock.now());
    await runHooks(deps, tx, job, runs);
    return runs;
  };
  try {
    return await (job.onTransition ? db.transaction(claimAll) : claimAll(db));
  } catch (error) {
    // Two runs of one concurrency key were claimed in the same instant: the index lets one of them through.
    if (!isUniqueViolation(error)) throw error;
    if (allowed.length === 1) return [];
    return (await Promise.all(allowed.map((id) => claim(deps, job, [id])))).flat();
  }
}

/** The runs that no gate of the settings stops. */
async function allowedBySettings(
  deps: RunnerDependencies,
  job: Job,
  ids: readonly string[],
): Promise<readonly string[]> {
  const { db, gates } = deps;
  if (settingsRefusal(deps, job)) return [];
  if (partialRefusals(job.gates, gates()).length === 0) return ids;
  const runs = await inputsOf(db, ids);
  const refusals = await settingsRefusals(deps, db, job, runs);
  return runs.flatMap(({ id }, i) => (refusals[i] ? [] : [id]));
}
