import { z } from "zod";
import { Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { lockForDecision, undoDecision } from "#services/knowledge/decide-proposal.ts";
import { auditReason } from "../audit-reason.ts";
import { respondOnce } from "../idempotent-requests.ts";
import { checkSeen, proposalOr404, proposalPath, proposalSchema, proposalTag, proposalView } from "./proposal-view.ts";

export const undoReview = defineRoute({
  method: "POST",
  path: "api/knowledge/proposals/{kind}/{id}/undo",
  access: "operator",
  idempotent: true,
  conditional: true,
  summary: "Undo a decision: the proposal waits for a person again, and what an approval has made is deleted; audited",
  params: proposalPath,
  body: z.strictObject({ reason: auditReason }),
  response: proposalSchema,
  async handle({ app, params: { kind, id }, body: { reason }, caller, header }) {
    const payload = { undo: { kind, id }, reason };
    const { response } = await respondOnce(app, { header, payload }, async (tx) => {
      await lockForDecision(tx, kind, id);
      const proposal = await proposalOr404(tx, kind, id);
      checkSeen(header("if-match"), proposal);
      const decision = { kind, id, by: caller, reason, at: app.clock.now() };
      const undone = await undoDecision(tx, decision, proposal);
      if (undone.outcome === "pending") {
        throw new Problem(409, "not-decided", `the ${kind} proposal ${id} is pending: there is nothing to undo`);
      }
      if (undone.outcome === "needed") {
        const named = undone.by.map(({ id, title }) => `${id} (${title})`).join(", ");
        throw new Problem(
          409,
          "still-needed",
          `the ${kind} ${proposal.entityId} stays: ${kind} proposals were merged into it: ${named}; undo those first`,
          { extra: { merged: undone.by } },
        );
      }
      const after = await proposalOr404(tx, kind, id);
      return { response: { proposal: proposalView(after), etag: proposalTag(after) } };
    });
    return { headers: { etag: String(response.etag) }, json: response.proposal };
  },
});
