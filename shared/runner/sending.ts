import type { Run } from "#data/platform/schema.ts";
import type { RunnerDependencies } from "./dependencies.ts";

/** A run that waits for a worker. */
export type WaitingRun = Pick<Run, "id" | "jobId" | "notBefore">;

/** Sends waiting runs on their way. Never throws: what cannot be sent is found by the sweep. */
export async function send(
  { clock, dispatch, log }: Pick<RunnerDependencies, "clock" | "dispatch" | "log">,
  runs: readonly WaitingRun[],
): Promise<void> {
  if (runs.length === 0) return;
  try {
    const now = clock.now();
    await dispatch(runs.map(({ id, jobId, notBefore }) => ({ id, jobId, at: notBefore ?? now })));
  } catch (error) {
    const first = { run: runs[0]!.id, count: runs.length, error };
    log.warn("Waiting runs could not be sent on their way; the sweep will pick them up", first);
  }
}
