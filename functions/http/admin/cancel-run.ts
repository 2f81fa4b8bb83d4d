import { z } from "zod";
import { findRun } from "#data/platform/job-runs.ts";
import { notFound, Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { auditReason } from "../audit-reason.ts";
import { runSchema, runView } from "./run-view.ts";

export const cancelRun = defineRoute({
  method: "POST",
  path: "api/admin/runs/{id}/cancel",
  access: "operator",
  summary: "Cancel a waiting run at once (200); ask a running one to stop, which its next heartbeat sees (202)",
  params: z.object({ id: z.uuid() }),
  body: z.strictObject({ reason: auditReason }),
  response: runSchema,
  async handle({ app, params, body, caller }) {
    const run = await app.runner.cancel(params.id, { reason: body.reason, who: caller });
    if (run) return { status: run.state === "cancelled" ? 200 : 202, json: runView(run) };
    const found = await findRun(app.db, params.id);
    if (!found) throw notFound(`there is no run ${params.id}`);
    throw new Problem(409, "run-ended", `the run is ${found.state} already`, { extra: { state: found.state } });
  },
});
