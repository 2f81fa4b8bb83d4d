import { deleteOldSnapshots, storeSnapshot } from "#data/knowledge/proposal-metrics.ts";
import { asError, daysBefore, defineJob, noRetries, schedule, writes, z } from "#jobs";
import { redactText } from "#redaction/redact.ts";
import { knowledgeEvent } from "#rules/knowledge/knowledge-events.ts";
import { metricsOf } from "#rules/knowledge/proposal-figures.ts";
import { knowledge } from "../families.ts";

/**
 * Stores and publishes the metrics of the proposals, and deletes old ones. Running twice is safe: each run adds one
 * snapshot of its moment. A failure is logged and announced, and the run succeeds with an empty result: the next
 * slot measures again.
 */
export const proposalMetricsUpdate = defineJob({
  id: "proposal_metrics_update",
  family: knowledge,
  summary: "Store and publish the metrics of the review of proposals",
  on: schedule("0 */15 * * * *", "UTC"),
  input: z.strictObject({}),
  retry: noRetries,
  gates: [writes],

  async run({ asOf, batches, clock, db, log, publish, run, settings, signal, transaction }) {
    try {
      const metrics = await transaction(async (tx) => {
        const threshold = settings.KNOWLEDGE_AUTO_APPROVAL_CONFIDENCE_THRESHOLD;
        const metrics = metricsOf(await storeSnapshot(tx, { now: clock.now(), threshold }));
        publish(tx, [knowledgeEvent("proposals.metrics_updated", metrics)]);
        return metrics;
      });
      const cutoff = daysBefore(asOf, settings.KNOWLEDGE_METRICS_RETENTION_DAYS);
      await batches(5_000, async (tx, limit) => ({ deleted: await deleteOldSnapshots(tx, cutoff, limit) }));
      return metrics;
    } catch (error) {
      // A run that was cancelled, stopped or taken over has not failed.
      if (signal.aborted) throw error;
      log.error("The metrics of the proposals were not updated; the next slot measures them again", { error });
      const message = redactText(asError(error).message);
      const context = { runId: run.id };
      publish(db, [knowledgeEvent("job.error", { jobName: run.jobId, message, context, severity: "error" })]);
      return {};
    }
  },
});
