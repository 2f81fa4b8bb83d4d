import { v7 as uuidv7 } from "uuid";
import { z } from "zod";
import { recordAudit } from "#data/platform/audit-log.ts";
import { insertBackfill, coveredSlots } from "#data/platform/backfills.ts";
import { Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { scheduleInForce } from "#jobs/effective-schedule.ts";
import { backfillSlots } from "#operations/backfill-range.ts";
import { respondOnce } from "../idempotent-requests.ts";
import { instant } from "./field-schemas.ts";
import { findJob } from "./find-job.ts";
import { auditReason } from "../audit-reason.ts";

const slots = z.object({ slots: z.int(), done: z.int(), missing: z.int() });
const moment = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

export const startBackfill = defineRoute({
  method: "POST",
  path: "api/admin/jobs/{id}/backfill",
  access: "operator",
  idempotent: true,
  summary: "Run a job for each slot of a past range that has not succeeded, one after another; preview says how many",
  params: z.object({ id: z.string() }),
  body: z.strictObject({
    from: moment,
    to: moment,
    preview: z.boolean().default(false),
    reason: auditReason.optional(),
  }),
  response: z.union([
    slots.extend({ first: instant.nullable(), last: instant.nullable() }).describe("With preview: the missing ones"),
    slots.extend({ id: z.uuid(), jobId: z.string(), state: z.literal("running") }),
  ]),
  async handle({ app, params, body: { from, to, preview, reason = null }, header, caller }) {
    const job = await findJob(app, params.id);
    const schedule = scheduleInForce(job, app.config.jobs.get(job.id));
    if (!schedule) throw new Problem(409, "no-schedule", `${job.id} has no schedule, so it has no slots to run`);
    const now = app.clock.now();
    const slots = backfillSlots(schedule, { from, to }, now);
    const done = await coveredSlots(app.db, job.id, slots);
    const missing = slots.filter((slot) => !done.has(slot.getTime()));
    const counts = { slots: slots.length, done: slots.length - missing.length, missing: missing.length };
    const ends = { first: missing[0] ?? null, last: missing.at(-1) ?? null };
    if (preview) return { json: { ...counts, ...ends } };
    const asked = { backfill: job.id, from, to };
    const { answer, started } = await respondOnce(app, { header, asked: JSON.stringify(asked) }, async (tx) => {
      if (missing.length === 0) {
        throw new Problem(409, "nothing-to-backfill", `all ${slots.length} slots of the range are done`, {
          extra: counts,
        });
      }
      const id = uuidv7();
      const row = {
        id,
        jobId: job.id,
        fromSlot: from,
        toSlot: to,
        state: "running",
        requestedBy: caller,
        requestedAt: now,
      } as const;
      const isFirst = await insertBackfill(tx, { ...row, reason, slots: missing.map((slot) => slot.toISOString()) });
      if (!isFirst)
        throw new Problem(
          409,
          "backfill-under-way",
          `a backfill of ${job.id} is under way: abort it, or wait for its end`,
        );
      const after = { backfill: id, from, to, ...counts };
      await recordAudit(tx, {
        at: now,
        who: caller,
        action: "backfill started",
        subject: `job:${job.id}`,
        reason,
        after,
      });
      const run = await app.runner.backfills.enqueueNextSlot(tx, job, id);
      return { run, answer: { id, jobId: job.id, state: "running", ...counts } };
    });
    if (started?.run) await app.enqueuer.dispatch([started.run]);
    return {
      status: started ? 202 : 200,
      headers: { location: `/api/admin/jobs/${job.id}/backfill` },
      json: answer,
    };
  },
});
