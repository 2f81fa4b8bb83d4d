import { z } from "zod";
import type { Executor } from "#data/client.ts";
import type { App } from "#http/app-services.ts";
import { Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { effectiveSchedule } from "#jobs/effective-schedule.ts";
import type { Job } from "#jobs/job.ts";
import { type BackfillPlan, planBackfill, startBackfill as startPlanned } from "#operations/manage-backfill.ts";
import { instantField } from "#rules/input-fields.ts";
import { auditReason } from "../audit-reason.ts";
import { respondOnce } from "../idempotent-requests.ts";
import { instant } from "./field-schemas.ts";
import { findJob } from "./find-job.ts";

const counts = z.object({ slots: z.int(), done: z.int(), missing: z.int() });

export const startBackfill = defineRoute({
  method: "POST",
  path: "api/admin/jobs/{id}/backfill",
  access: "operator",
  idempotent: true,
  summary: "Run a job for each slot of a past range without a successful run, one after another; preview only counts",
  params: z.object({ id: z.string() }),
  body: z.strictObject({
    from: instantField,
    to: instantField,
    preview: z.boolean().default(false),
    reason: auditReason.optional(),
  }),
  response: z.union([
    counts
      .extend({ first: instant.nullable(), last: instant.nullable() })
      .describe("With preview: the first and last missing slot"),
    counts.extend({ id: z.uuid(), jobId: z.string(), state: z.literal("running") }),
  ]),
  async handle({ app, params, body: { from, to, preview, reason = null }, header, caller }) {
    if (preview) {
      const { missing, counts } = (await planOf(app, app.db, params.id, { from, to })).plan;
      return { json: { ...counts, first: missing[0] ?? null, last: missing.at(-1) ?? null } };
    }
    const payload = JSON.stringify({ backfill: params.id, from, to });
    const { response, started } = await respondOnce(app, { header, payload }, async (tx) => {
      const { job, plan } = await planOf(app, tx, params.id, { from, to });
      const { missing, counts } = plan;
      if (missing.length === 0) {
        const detail = `all ${counts.slots} slots of the range are done`;
        throw new Problem(409, "nothing-to-backfill", detail, { extra: counts });
      }
      const backfill = await startPlanned(app, tx, job, plan, { who: caller, reason });
      if (!backfill) {
        const detail = `a backfill of ${job.id} is already running: abort it, or wait for its end`;
        throw new Problem(409, "backfill-under-way", detail);
      }
      const { id, run } = backfill;
      return { run, response: { id, jobId: job.id, state: "running", ...counts } };
    });
    if (started?.run) await app.enqueuer.dispatch([started.run]);
    return {
      status: started ? 202 : 200,
      headers: { location: `/api/admin/jobs/${params.id}/backfill` },
      json: response,
    };
  },
});

/** @throws Problem 404 without such a job, 409 without a schedule; InvalidInput for an impossible range */
async function planOf(
  { config, clock, ...app }: App,
  db: Executor,
  id: string,
  range: { from: Date; to: Date },
): Promise<{ job: Job; plan: BackfillPlan }> {
  const job = await findJob(app, id);
  const schedule = effectiveSchedule(job, config.jobs.get(job.id));
  if (!schedule) throw new Problem(409, "no-schedule", `${job.id} has no schedule, so it has no slots`);
  return { job, plan: await planBackfill({ db, clock }, { job, schedule }, range) };
}
