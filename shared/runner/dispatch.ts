import type { Run } from "#data/platform/platform-schema.ts";
import type { RunnerDependencies } from "./dependencies.ts";

/** A run that waits for a worker. */
export type WaitingRun = Pick<Run, "id" | "jobId" | "notBefore">;

/** Dispatches waiting runs to workers, each for its time. Never throws: the sweep dispatches again what fails here. */
export async function dispatch(
  { clock, dispatch: send, log }: Pick<RunnerDependencies, "clock" | "dispatch" | "log">,
  runs: readonly WaitingRun[],
): Promise<void> {
  if (runs.length === 0) return;
  try {
    const now = clock.now();
    await send(runs.map(({ id, jobId, notBefore }) => ({ id, jobId, at: notBefore ?? now })));
  } catch (error) {
    const first = { run: runs[0]!.id, count: runs.length, error };
    log.warn("Dispatching waiting runs failed; the sweep retries them", first);
  }
}
