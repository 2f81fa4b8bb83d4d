import { metrics } from "@opentelemetry/api";
import type { MovedRun } from "#jobs/run-observer.ts";
import { runMoves } from "../told.ts";
import { listen } from "./listen.ts";

/**
 * A metric of each kind, with the job and its family as dimensions. Counts are of this process, and are added up over all there.
 * @returns what ends that
 */
export function followMetrics(): () => void {
  const meter = metrics.getMeter("rota");
  const runs = meter.createCounter("rota.runs", { description: "Runs that have ended, by state" });
  const failures = meter.createCounter("rota.failures", { description: "Runs that have failed for good" });
  const retries = meter.createCounter("rota.retries", { description: "Attempts after which a run waits for the next" });
  const items = meter.createCounter("rota.items", { description: "Items that runs have done" });
  const itemFailures = meter.createCounter("rota.item_failures", { description: "Items that failed alone" });
  const duration = meter.createHistogram("rota.duration", {
    unit: "ms",
    description: "From start to end of an attempt",
  });
  const queueAge = meter.createHistogram("rota.queue_age", { unit: "ms", description: "From due to started" });

  const record = (run: MovedRun) => {
    const job = { job: run.jobId, family: run.family };
    switch (run.state) {
      case "queued":
        return;
      case "running":
        if (run.startedAt) queueAge.record(Math.max(0, run.startedAt.getTime() - dueAt(run).getTime()), job);
        return;
      case "retrying":
        retries.add(1, job);
        return;
      default:
        runs.add(1, { ...job, state: run.state });
        if (run.state === "dead") failures.add(1, job);
        if (run.durationMs !== null) duration.record(run.durationMs, job);
        if (run.progress) items.add(run.progress.done, job);
        if (run.itemFailureCount) itemFailures.add(run.itemFailureCount, job);
    }
  };
  return listen(runMoves, (moved) => {
    for (const run of moved as readonly MovedRun[]) record(run);
  });
}

function dueAt({ notBefore, scheduledFor, queuedAt }: MovedRun): Date {
  return notBefore ?? scheduledFor ?? queuedAt;
}
