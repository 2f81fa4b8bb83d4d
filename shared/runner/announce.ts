import type { Run } from "#data/platform/platform-schema.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { dispatch } from "./dispatch.ts";
import type { Completed } from "./ending.ts";
import { logEnd } from "./run-log.ts";

/**
 * What follows the commit of a completion: the log, and the dispatch of retries and of unblocked runs. The commit
 * itself has called the observer, see `runHooks`.
 * @returns the runs as they are now
 */
export async function announce(
  deps: Pick<RunnerDependencies, "clock" | "dispatch" | "log">,
  { runs, unblocked }: Completed,
): Promise<Run[]> {
  logEnd(deps, runs);
  await dispatch(deps, [...runs.flatMap(({ run }) => (run.state === "retrying" ? run : [])), ...unblocked]);
  return runs.map(({ run }) => run);
}
