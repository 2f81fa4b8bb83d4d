import { z } from "zod";
import type { App } from "#app";
import type { Tx } from "#data/client.ts";
import { recordAudit } from "#data/platform/audit-log.ts";
import { lockRun } from "#data/platform/job-runs.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { makeRunDue, unfinishedRepeatOf } from "#data/platform/waiting-runs.ts";
import { badRequest, notFound, Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { repeatRuns } from "#operations/repeat-runs.ts";
import { startRunOnce } from "../idempotent-requests.ts";
import { findJob } from "./find-job.ts";
import { auditReason } from "../audit-reason.ts";
import { runSchema, runView } from "./run-view.ts";

export const retryRun = defineRoute({
  method: "POST",
  path: "api/admin/runs/{id}/retry",
  access: "operator",
  idempotent: true,
  summary: "Make a waiting run due now; of one that is dead, cancelled or skipped, start a new one with the same input",
  params: z.object({ id: z.uuid() }),
  body: z.strictObject({ reason: auditReason.optional() }),
  response: runSchema,
  async handle({ app, params, body, header, caller }) {
    const by = { who: caller, reason: body.reason ?? null };
    const asked = { retry: params.id };
    const { run, isRepeat } = await startRunOnce(app, { header, asked }, (tx) => retried(app, tx, params.id, by));
    return {
      status: isRepeat ? 200 : 202,
      headers: { location: `/api/admin/runs/${run.id}` },
      json: runView(run),
    };
  },
});

async function retried(app: App, tx: Tx, id: string, by: { who: string; reason: string | null }): Promise<Run> {
  const now = app.clock.now();
  const audit = (after: Partial<Run>) =>
    recordAudit(tx, { at: now, ...by, action: "run retried", subject: `run:${id}`, after });
  // Locked: one that ends an attempt at this moment is seen as it is then.
  const old = await lockRun(tx, id);
  if (!old) throw notFound(`there is no run ${id}`);
  const hastened = await makeRunDue(tx, id, now);
  if (hastened) {
    await audit({ notBefore: now });
    return hastened;
  }
  if (old.state !== "dead" && old.state !== "cancelled" && old.state !== "skipped") {
    throw new Problem(409, "not-retryable", `a run that is ${old.state} cannot be run again`, {
      extra: { state: old.state },
    });
  }
  const job = await findJob(app, old.jobId);
  const { runs, refused } = await repeatRuns(app, tx, job, [old], { trigger: "retry", requestedBy: by.who });
  const [run] = runs;
  if (run) {
    await audit({ id: run.id });
    return run;
  }
  const live = await unfinishedRepeatOf(tx, id);
  if (!live) throw badRequest([{ field: "input", reason: refused[0]?.reason ?? "cannot be run again" }]);
  throw new Problem(409, "repeat-is-live", `run ${live.id} repeats it already and is ${live.state}`, {
    extra: { run: live.id, state: live.state },
  });
}
