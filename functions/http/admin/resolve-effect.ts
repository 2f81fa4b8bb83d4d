import { z } from "zod";
import { recordAudit } from "#data/platform/audit-log.ts";
import { confirmParkedEffect, findEffect, releaseParkedEffect } from "#data/platform/effects.ts";
import { badRequest, notFound, Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { auditReason } from "../audit-reason.ts";

export const settleEffect = defineRoute({
  method: "POST",
  path: "api/admin/effects/{key}/settle",
  access: "operator",
  summary:
    "Say of a parked effect that it happened (done), or that it did not and is to be made (retry); then retry its run",
  params: z.object({ key: z.string() }),
  body: z.strictObject({
    outcome: z.enum(["done", "retry"]),
    /** What a repeat gets instead of a second effect, as the job would have got it: a provider's message id, say. */
    result: z.json().optional(),
    reason: auditReason,
  }),
  response: z.object({
    key: z.string(),
    outcome: z.enum(["done", "retry"]),
    runId: z.uuid().describe("The run that began it: retry this, or the last of those that repeat it"),
  }),
  async handle({ app, params, body: { outcome, result, reason }, caller }) {
    if (outcome === "retry" && result !== undefined) {
      throw badRequest([{ field: "result", reason: "expected none with retry: the effect has yet to be made" }]);
    }
    // A host may leave an encoded slash as it is.
    const key = params.key.replace(/%2f/gi, "/");
    const now = app.clock.now();
    const effect = await app.db.transaction(async (tx) => {
      const before = await findEffect(tx, key);
      if (!before) throw notFound(`there is no effect ${JSON.stringify(key)}`);
      const isOurs = outcome === "done" ? await confirmParkedEffect(tx, key, result, now) : await releaseParkedEffect(tx, key);
      if (!isOurs) {
        throw new Problem(
          409,
          "not-parked",
          `the effect is ${before.state}: only one that is parked is settled by hand`,
          {
            extra: { state: before.state },
          },
        );
      }
      const after = { outcome, ...(result !== undefined && { result }), run: before.runId };
      await recordAudit(tx, {
        at: now,
        who: caller,
        action: "effect settled",
        subject: `effect:${key}`,
        reason,
        after,
      });
      return before;
    });
    app.log.warn("Effect settled by hand", { effect: key, run: effect.runId, outcome, by: caller, reason });
    return { json: { key, outcome, runId: effect.runId } };
  },
});
