import { metrics } from "@opentelemetry/api";
import type { RunStateChange } from "#jobs/run-observer.ts";
import { eventLoopBlocks, runStateChanges } from "../diagnostics-channels.ts";
import type { EventLoopBlock } from "../event-loop/event-loop-watchdog.ts";
import { subscribe } from "../subscribe.ts";

/**
 * Counts runs, failures, retries and items, and measures durations, with the job and its family as dimensions. The
 * counts are of this process; Application Insights adds them up. @returns a function that stops the export
 */
export function exportMetrics(): () => void {
  const meter = metrics.getMeter("rota");
  const runs = meter.createCounter("rota.runs", { description: "Runs that ended, by state" });
  const failures = meter.createCounter("rota.failures", { description: "Runs that failed without another retry" });
  const retries = meter.createCounter("rota.retries", { description: "Failed attempts that are retried" });
  const items = meter.createCounter("rota.items", { description: "Items that runs processed" });
  const itemFailures = meter.createCounter("rota.item_failures", {
    description: "Items that failed while their run continued",
  });
  const duration = meter.createHistogram("rota.duration", {
    unit: "ms",
    description: "Duration of an attempt",
  });
  const queueAge = meter.createHistogram("rota.queue_age", {
    unit: "ms",
    description: "Wait of a run from due to started",
  });
  const blocked = meter.createHistogram("rota.event_loop_blocked", {
    unit: "ms",
    description: "Duration of turns of the event loop that took longer than EVENT_LOOP_LIMIT",
  });

  const record = (run: RunStateChange) => {
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
  const ends = [
    subscribe(runStateChanges, (runs) => {
      for (const run of runs as readonly RunStateChange[]) record(run);
    }),
    subscribe(eventLoopBlocks, (block) => {
      blocked.record((block as EventLoopBlock).blockedMs);
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}

function dueAt({ notBefore, scheduledFor, queuedAt }: RunStateChange): Date {
  return notBefore ?? scheduledFor ?? queuedAt;
}
