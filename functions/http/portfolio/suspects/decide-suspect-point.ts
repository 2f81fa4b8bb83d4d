import { z } from "zod";
import { recordAudit } from "#data/platform/audit-log.ts";
import { lockSuspectPoint, resolvePoints } from "#data/portfolio/suspect-points.ts";
import { notFound, Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { applyDecision } from "#services/portfolio/apply-decision.ts";
import { settleFollowing } from "#services/portfolio/settle-following.ts";
import { retryPendingEtfValuations } from "../../../portfolio/retry-pending-etf-valuations.ts";
import { auditReason } from "../../audit-reason.ts";
import { suspectSchema, suspectView } from "./suspect-view.ts";

/** A decision for ever: the same value of the day is not held back, or not stored, again. Idempotent. */
function decision(verb: "release" | "reject", { state, summary }: { state: "accepted" | "rejected"; summary: string }) {
  return defineRoute({
    method: "POST",
    path: `api/v1/suspect-points/{id}/${verb}`,
    access: "key",
    summary,
    params: z.strictObject({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) }),
    body: z.strictObject({ reason: auditReason }),
    response: suspectSchema,
    async handle({ app, params: { id }, body: { reason }, caller }) {
      const at = app.clock.now();
      const { point, run } = await app.db.transaction(async (tx) => {
        const held = await lockSuspectPoint(tx, id);
        if (!held) throw notFound(`there is no suspect point ${id}`);
        if (held.state === state) return { point: held, run: null };
        if (held.state !== "held") {
          throw new Problem(409, "decided-before", `it was ${held.state} before: ${held.resolution}`);
        }
        const refusal = await applyDecision(tx, held, { state, reason, at });
        if (refusal !== undefined) throw new Problem(409, "not-releasable", refusal);
        const [point] = await resolvePoints(tx, [{ id, state, resolution: reason, by: caller, at }]);
        if (state === "accepted") await settleFollowing(tx, point!, at);
        const subject = `suspect-point:${id}`;
        const { kind, date, value, rule } = held;
        const before = { kind, of: held.subject, date, value, rule };
        await recordAudit(tx, {
          at,
          who: caller,
          action: `suspect point ${state}`,
          subject,
          reason,
          before,
          after: { state },
        });
        const valuation = { input: {}, trigger: "event", requestedBy: caller } as const;
        return { point: point!, run: await app.enqueuer.enqueueIn(tx, retryPendingEtfValuations, valuation) };
      });
      if (run?.state === "queued") await app.enqueuer.dispatch([run]);
      return { json: suspectView(point) };
    },
  });
}

export const releaseSuspectPoint = decision("release", {
  state: "accepted",
  summary: "Accept a point that is held back, with a reason: it is stored, and what waited for it is valued; audited",
});

export const rejectSuspectPoint = decision("reject", {
  state: "rejected",
  summary: "Reject a point that is held back, with a reason: the same value is not stored again; audited",
});
