import { z } from "zod";
import type { App } from "#http/app-services.ts";
import { notFound, Problem } from "#http/problem.ts";
import { defineRoute, type Reply } from "#http/route.ts";
import { abortBackfill } from "#operations/manage-backfill.ts";
import { auditReason } from "../audit-reason.ts";
import { backfillSchema, backfillView } from "./backfill-view.ts";
import { findJob } from "./find-job.ts";

const params = z.object({ id: z.string() });
const summary = "Abort the backfill of a job: it takes no further slot, and the run that is running ends as usual";

export const deleteBackfill = defineRoute({
  method: "DELETE",
  path: "api/admin/jobs/{id}/backfill",
  access: "operator",
  summary,
  params,
  response: backfillSchema,
  handle: async ({ app, params, caller }) => abortedBackfill(app, params.id, { who: caller, reason: null }),
});

export const abortBackfillOfJob = defineRoute({
  method: "POST",
  path: "api/admin/jobs/{id}/backfill/abort",
  access: "operator",
  summary,
  params,
  body: z.strictObject({ reason: auditReason.optional() }),
  response: backfillSchema,
  handle: async ({ app, params, body: { reason = null }, caller }) =>
    abortedBackfill(app, params.id, { who: caller, reason }),
});

async function abortedBackfill(app: App, jobId: string, by: { who: string; reason: string | null }): Promise<Reply> {
  const { id } = await findJob(app, jobId);
  const result = await abortBackfill(app, id, by);
  if (!result) throw notFound(`${id} has no backfill`);
  const { backfill, isAborted } = result;
  if (isAborted) return { json: await backfillView(app, backfill) };
  const extra = { state: backfill.state };
  throw new Problem(409, "backfill-ended", `the backfill is already ${backfill.state}`, { extra });
}
