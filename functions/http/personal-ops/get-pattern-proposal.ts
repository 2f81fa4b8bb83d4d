import { defineRoute } from "#http/route.ts";
import {
  patternProposalOr404,
  patternProposalPath,
  patternProposalSchema,
  patternProposalTag,
  patternProposalView,
} from "./pattern-proposal-view.ts";

export const getPatternProposal = defineRoute({
  method: "GET",
  path: "api/personal-ops/proposals/{id}",
  access: "viewer",
  summary: "A proposal with its pattern; its ETag goes into the If-Match of a decision",
  params: patternProposalPath,
  response: patternProposalSchema,
  async handle({ app, params: { id } }) {
    const found = await patternProposalOr404(app.db, id);
    return { headers: { etag: patternProposalTag(found) }, json: patternProposalView(found) };
  },
});
