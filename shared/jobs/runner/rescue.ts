import { dueRuns } from "../../data/platform/waiting-runs.ts";
import { lapsedRuns } from "../../data/platform/holds.ts";
import type { Run, RunState } from "../../data/platform/schema.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { logOf } from "./run-log.ts";
import { send } from "./sending.ts";
import type { Settlement } from "./settlement.ts";

/** Runs whose message should have come this long ago are picked up by the sweep. */
const OVERDUE_MS = 10_000;

/** Finds due runs that no message brought to a worker, and sends them again. @returns how many */
export async function sweepOverdue(deps: RunnerDependencies, limit: number): Promise<number> {
  const now = deps.clock.now();
  const due = await dueRuns(deps.db, now, OVERDUE_MS, limit);
  await send(
    deps,
    due.map((run) => ({ ...run, notBefore: now })),
  );
  return due.length;
}

/** Moves runs whose holder went silent: to their next attempt, or to the dead ones. @returns how many of each */
export async function rescueLapsed(
  deps: RunnerDependencies,
  settlement: Settlement,
  limit: number,
): Promise<{ retrying: number; dead: number }> {
  const moved = { retrying: 0, dead: 0 };
  for (const run of await lapsedRuns(deps.db, limit)) {
    const state = await rescueOne(deps, settlement, run);
    if (state) moved[state === "dead" ? "dead" : "retrying"] += 1;
  }
  return moved;
}

/** Never throws: a run whose own tracking fails must not keep all others with their dead holders. */
async function rescueOne(deps: RunnerDependencies, settlement: Settlement, run: Run): Promise<RunState | undefined> {
  const error = new LostHolder(`its holder ${run.leaseHolder} went silent while it ran attempt ${run.attempt}`);
  try {
    const job = await deps.findJob(run.jobId);
    const [settled] = await settlement.settle(job, null, [{ run, ending: { kind: "threw", error } }]);
    if (!settled) return undefined;
    logOf(deps.log, settled).warn("Rescued from a silent holder", { holder: run.leaseHolder, state: settled.state });
    return settled.state;
  } catch (trouble) {
    logOf(deps.log, run).error("Could not be rescued from a silent holder; the next minute tries again", {
      error: trouble,
    });
    return undefined;
  }
}

/** The process that held the run died or was cut off. */
class LostHolder extends Error {
  override name = "LostHolder";
  readonly errorClass = "transient";
}
