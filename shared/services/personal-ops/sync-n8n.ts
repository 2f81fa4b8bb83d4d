import { z } from "zod";
import type { Tx } from "#data/client.ts";
import { raiseIncident } from "#data/personal-ops/incidents.ts";
import { failingWorkflows, storeExecutions } from "#data/personal-ops/workflow-executions.ts";
import { type FailedExecution, n8n } from "#providers/n8n.ts";
import { daysBefore } from "#schedule/duration.ts";
import { isConfigured } from "./configured-sources.ts";
import { type SyncContext, type SyncResult, withSyncRecord } from "./sync-record.ts";

/** How far back the first synchronisation reads. */
const FIRST_DAYS = 7;
/** An execution that takes long fails long after its start: so much is read again. */
const OVERLAP_DAYS = 1;
/** So many failures of a workflow in a day are an incident. */
const FAILURES_OF_INCIDENT = 3;

const watermarkSchema = z.object({ readUntil: z.iso.datetime() });

/**
 * Stores the executions of n8n's workflows that failed or crashed since the last synchronisation, each once. From three
 * failures of a workflow within a day on, there is one incident for it, which counts the following ones.
 */
export async function syncN8n(context: SyncContext): Promise<SyncResult> {
  const { settings, clock, signal } = context;
  if (!isConfigured(settings, "n8n"))
    return { state: "not configured", source: "n8n", reason: "n8n is not configured" };
  const client = context.outbound({
    provider: "n8n",
    baseUrl: settings.N8N_BASE_URL!,
    headers: { "x-n8n-api-key": settings.N8N_API_KEY! },
    secrets: [settings.N8N_API_KEY!],
  });
  const provider = n8n(client);
  try {
    return await withSyncRecord(context, "n8n", async ({ watermark, commit }) => {
      const startedAt = clock.now();
      const known = watermarkSchema.safeParse(watermark);
      const from = known.success
        ? daysBefore(new Date(known.data.readUntil), OVERLAP_DAYS)
        : daysBefore(startedAt, FIRST_DAYS);
      const counts = { read: 0, stored: 0, incidents: 0 };
      for await (const page of provider.failedExecutions(from, { signal })) {
        const { items, incidents } = await commit((tx) => storePage(tx, page, clock.now()));
        counts.read += page.length;
        counts.stored += items;
        counts.incidents += incidents;
      }
      // The pages go from the newest to the oldest: only all of them together are complete.
      await commit(async () => ({ items: 0, watermark: { readUntil: startedAt.toISOString() } }));
      return counts;
    });
  } finally {
    client.close();
  }
}

async function storePage(
  tx: Tx,
  page: readonly FailedExecution[],
  now: Date,
): Promise<{ items: number; incidents: number }> {
  const added = await storeExecutions(tx, "n8n", page, now);
  const failing = await failingWorkflows(tx, {
    source: "n8n",
    ids: [...added.keys()],
    since: daysBefore(now, 1),
    atLeast: FAILURES_OF_INCIDENT,
  });
  for (const { workflowId, workflowName, failures, hasIncident } of failing) {
    await raiseIncident(
      tx,
      {
        type: "workflow_failures",
        key: workflowId,
        severity: "WARN",
        title: `The n8n workflow ${workflowName ?? workflowId} fails`,
        detail: `${failures} failures within a day`,
        occurrences: hasIncident ? added.get(workflowId)! : failures,
      },
      now,
    );
  }
  return { items: [...added.values()].reduce((sum, count) => sum + count, 0), incidents: failing.length };
}
