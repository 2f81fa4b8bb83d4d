import type { Run } from "#data/platform/platform-schema.ts";
import { classify } from "#jobs/error-class.ts";
import type { JobLog } from "#jobs/job-log.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import type { Completed } from "./ending.ts";

/** The log whose every line names the run. */
export function logOf(log: JobLog, run: Pick<Run, "id" | "jobId" | "attempt" | "correlationId">): JobLog {
  return log.with({ job: run.jobId, run: run.id, attempt: run.attempt, correlationId: run.correlationId });
}

/** Logs the start of runs of one job. A batch is one line: the ledger has what each of many small runs did. */
export function logStart(log: JobLog, jobId: string, runs: readonly Run[]): void {
  const [run] = runs;
  if (!run) return;
  if (runs.length > 1) {
    log.info("Started a batch", { job: jobId, runs: runs.length });
    return;
  }
  logOf(log, run).info("Started", {
    trigger: run.trigger,
    ...(run.scheduledFor && { slot: run.scheduledFor }),
  });
}

/** Logs the end of runs of one job. A batch is one line, and one more for each run that did not succeed. */
export function logEnd(deps: Pick<RunnerDependencies, "log" | "clock">, completed: Completed["runs"]): void {
  const isBatch = completed.length > 1;
  for (const { run, error } of completed) {
    if (!isBatch || run.state !== "succeeded") logRun(deps, run, error);
  }
  if (!isBatch) return;
  const states = Object.fromEntries(
    [...Map.groupBy(completed, ({ run }) => run.state)].map(([state, runs]) => [state, runs.length]),
  );
  deps.log.info("Ended a batch", { job: completed[0]!.run.jobId, runs: completed.length, ...states });
}

function logRun(
  { log: plain, clock }: Pick<RunnerDependencies, "log" | "clock">,
  run: Run,
  error: Error | undefined,
): void {
  const log = logOf(plain, run);
  switch (run.state) {
    case "succeeded":
      log.info("Succeeded", {
        durationMs: run.durationMs ?? undefined,
        ...run.result,
        ...(run.itemFailureCount && { itemFailures: run.itemFailureCount }),
      });
      break;
    case "retrying":
      log.warn(error ? "Failed; will retry" : "Requeued", {
        error,
        reason: run.reason ?? undefined,
        inMs: run.notBefore!.getTime() - clock.now().getTime(),
        attemptsLeft: run.maxAttempts - run.attempt,
      });
      break;
    case "dead":
      log.error("Failed for good", { error, class: error && classify(error), durationMs: run.durationMs });
      break;
    default:
      log.info("Ended", { state: run.state, reason: run.reason });
  }
}
