import { z } from "zod";
import { countBackfillRuns } from "#data/platform/backfills.ts";
import type { Backfill } from "#data/platform/control-schema.ts";
import type { App } from "#http/app-services.ts";
import { instant } from "./field-schemas.ts";
import { runState } from "./run-view.ts";

export const backfillSchema = z.object({
  id: z.uuid(),
  jobId: z.string(),
  state: z.enum(["running", "done", "aborted"]),
  from: instant,
  to: instant,
  slots: z.int().describe("Number of its slots"),
  processed: z.int().describe("Slots that it has enqueued or skipped as done"),
  left: z.int().describe("Slots that follow"),
  runs: z.partialRecord(runState, z.int()).describe("Number of its runs by state"),
  requestedBy: z.string(),
  requestedAt: instant,
  endedAt: instant.nullable(),
  reason: z.string().nullable(),
});

/** A backfill with its progress. */
export async function backfillView(app: App, backfill: Backfill): Promise<Record<string, unknown>> {
  const { id, jobId, state, fromSlot, toSlot, slots, processed, requestedBy, requestedAt, endedAt, reason } = backfill;
  return {
    id,
    jobId,
    state,
    from: fromSlot,
    to: toSlot,
    slots: slots.length,
    processed,
    left: slots.length - processed,
    runs: await countBackfillRuns(app.db, id),
    requestedBy,
    requestedAt,
    endedAt,
    reason,
  };
}
