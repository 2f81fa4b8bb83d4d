import { z } from "zod";
import { recordAudit } from "#data/platform/audit-log.ts";
import { lockSuspectPoint } from "#data/portfolio/suspect-points.ts";
import { notFound, Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { withdrawDecision } from "#services/portfolio/withdraw-decision.ts";
import { retryPendingEtfValuations } from "../../../portfolio/retry-pending-etf-valuations.ts";
import { auditReason } from "../../audit-reason.ts";
import { suspectSchema, suspectView } from "./suspect-view.ts";

/** Undoes a decision that was a mistake. Idempotent: a held point stays held. */
export const withdrawSuspectPoint = defineRoute({
  method: "POST",
  path: "api/v1/suspect-points/{id}/withdraw",
  access: "key",
  summary:
    "Take the decision about a point back, with a reason: it is held again, and what bought or was valued on it is " +
    "computed again; audited",
  params: z.strictObject({ id: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) }),
  body: z.strictObject({ reason: auditReason }),
  response: suspectSchema,
  async handle({ app, params: { id }, body: { reason }, caller }) {
    const at = app.clock.now();
    const { point, run } = await app.db.transaction(async (tx) => {
      const decided = await lockSuspectPoint(tx, id);
      if (!decided) throw notFound(`there is no suspect point ${id}`);
      if (decided.state === "held") return { point: decided, run: null };
      const withdrawn = await withdrawDecision(tx, decided, { reason, at });
      if (typeof withdrawn === "string") throw new Problem(409, "not-withdrawable", withdrawn);
      const { kind, date, value, state, resolution, resolvedBy } = decided;
      const { point, following, days, pensions } = withdrawn;
      await recordAudit(tx, {
        at,
        who: caller,
        action: "suspect point withdrawn",
        subject: `suspect-point:${id}`,
        reason,
        before: { kind, of: decided.subject, date, value, state, resolution, resolvedBy },
        after: { state: point.state, following, days, pensions },
      });
      const valuation = { input: {}, trigger: "event", requestedBy: caller } as const;
      return { point, run: await app.enqueuer.enqueueIn(tx, retryPendingEtfValuations, valuation) };
    });
    if (run?.state === "queued") await app.enqueuer.dispatch([run]);
    return { json: suspectView(point) };
  },
});
