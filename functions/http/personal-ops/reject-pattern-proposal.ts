import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { auditReason } from "../audit-reason.ts";
import { decideAbout, patternProposalPath, patternProposalSchema } from "./pattern-proposal-view.ts";

export const rejectPatternProposal = defineRoute({
  method: "POST",
  path: "api/personal-ops/proposals/{id}/reject",
  access: "operator",
  idempotent: true,
  conditional: true,
  summary: "Reject a pending proposal, with a reason; audited",
  params: patternProposalPath,
  body: z.strictObject({ reason: auditReason }),
  response: patternProposalSchema,
  handle: ({ app, params: { id }, body: { reason }, caller, header }) =>
    decideAbout(app, { id, status: "rejected", reason, caller, header }),
});
