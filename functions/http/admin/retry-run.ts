import { z } from "zod";
import type { Tx } from "#data/client.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import type { App } from "#http/app-services.ts";
import { badRequest, notFound, Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { retryRun as retryOrRepeat } from "#operations/run-retry.ts";
import { auditReason } from "../audit-reason.ts";
import { startRunOnce } from "../idempotent-requests.ts";
import { inInput } from "./field-schemas.ts";
import { runSchema, runView } from "./run-view.ts";

export const retryRun = defineRoute({
  method: "POST",
  path: "api/admin/runs/{id}/retry",
  access: "operator",
  idempotent: true,
  summary: "Make a waiting run due now; for a dead, cancelled or skipped run, start a new one with the same input",
  params: z.object({ id: z.uuid() }),
  body: z.strictObject({ reason: auditReason.optional() }),
  response: runSchema,
  async handle({ app, params: { id }, body: { reason = null }, header, caller }) {
    const { run, isRepeat } = await startRunOnce(app, { header, payload: { retry: id } }, (tx) =>
      retriedRun(app, tx, id, { who: caller, reason }),
    );
    return {
      status: isRepeat ? 200 : 202,
      headers: { location: `/api/admin/runs/${run.id}` },
      json: runView(run),
    };
  },
});

async function retriedRun(app: App, tx: Tx, id: string, by: { who: string; reason: string | null }): Promise<Run> {
  const result = await retryOrRepeat(app, tx, id, by);
  if (result.kind === "started") return result.run;
  const { code, reason, rival: run, state, issues = [] } = result.refusal;
  if (code === "not-found" || code === "no-such-job") throw notFound(reason);
  if (code === "invalid-input") throw badRequest(inInput(issues));
  throw new Problem(409, code, reason, { extra: { run, state } });
}
