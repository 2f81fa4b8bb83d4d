import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { auditReason } from "../audit-reason.ts";
import { decideAbout, patternProposalPath, patternProposalSchema } from "./pattern-proposal-view.ts";

export const approvePatternProposal = defineRoute({
  method: "POST",
  path: "api/personal-ops/proposals/{id}/approve",
  access: "operator",
  idempotent: true,
  conditional: true,
  summary: "Approve a pending proposal, with a reason; audited",
  params: patternProposalPath,
  body: z.strictObject({ reason: auditReason }),
  response: patternProposalSchema,
  handle: ({ app, params: { id }, body: { reason }, caller, header }) =>
    decideAbout(app, { id, status: "approved", reason, caller, header }),
});
