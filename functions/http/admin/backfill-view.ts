import { z } from "zod";
import type { App } from "#app";
import { recordAudit } from "#data/platform/audit-log.ts";
import { countBackfillRuns, endBackfill, lastBackfill, unfinishedBackfillRuns } from "#data/platform/backfills.ts";
import type { Backfill } from "#data/platform/control-schema.ts";
import { notFound, Problem } from "#http/problem.ts";
import type { Reply } from "#http/route.ts";
import { instant } from "./field-schemas.ts";
import { runState } from "./run-view.ts";

export const backfillSchema = z.object({
  id: z.uuid(),
  jobId: z.string(),
  state: z.enum(["running", "done", "aborted"]),
  from: instant,
  to: instant,
  slots: z.int().describe("How many it set out to run"),
  taken: z.int(),
  left: z.int(),
  runs: z.partialRecord(runState, z.int()).describe("Its runs by their state"),
  requestedBy: z.string(),
  requestedAt: instant,
  endedAt: instant.nullable(),
  reason: z.string().nullable(),
});

/** How far a backfill is. */
export async function backfillView(app: App, backfill: Backfill): Promise<Record<string, unknown>> {
  const {
    id,
    jobId,
    state,
    fromSlot: from,
    toSlot: to,
    slots,
    taken,
    requestedBy,
    requestedAt,
    endedAt,
    reason,
  } = backfill;
  const runs = await countBackfillRuns(app.db, id);
  const progress = { slots: slots.length, taken, left: slots.length - taken, runs };
  return { id, jobId, state, from, to, ...progress, requestedBy, requestedAt, endedAt, reason };
}

/** Stops a backfill: no further slot, its waiting run cancelled; one that runs comes to its end. */
export async function abortBackfill(
  app: App,
  jobId: string,
  { who, reason }: { who: string; reason?: string | undefined },
): Promise<Reply> {
  const now = app.clock.now();
  const found = await lastBackfill(app.db, jobId);
  if (!found) throw notFound(`${jobId} has no backfill`);
  const aborted = await app.db.transaction(async (tx) => {
    const ended = await endBackfill(tx, found.id, "aborted", now);
    const after = { backfill: found.id, taken: ended?.taken };
    if (ended)
      await recordAudit(tx, {
        at: now,
        who,
        action: "backfill aborted",
        subject: `job:${jobId}`,
        reason: reason ?? null,
        after,
      });
    return ended;
  });
  if (!aborted)
    throw new Problem(409, "backfill-ended", `the backfill is ${found.state} already`, {
      extra: { state: found.state },
    });
  for (const { id, state } of await unfinishedBackfillRuns(app.db, found.id)) {
    if (state !== "running") await app.runner.cancel(id, { reason: reason ?? "its backfill was aborted", who });
  }
  return { json: await backfillView(app, aborted) };
}
