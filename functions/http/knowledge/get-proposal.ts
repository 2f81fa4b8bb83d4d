import { defineRoute } from "#http/route.ts";
import { proposalOr404, proposalPath, proposalSchema, proposalTag, proposalView } from "./proposal-view.ts";

export const getProposal = defineRoute({
  method: "GET",
  path: "api/knowledge/proposals/{kind}/{id}",
  access: "viewer",
  summary: "A proposal with the known entity that it repeats; its ETag goes into the If-Match of a decision",
  params: proposalPath,
  response: proposalSchema,
  async handle({ app, params: { kind, id } }) {
    const found = await proposalOr404(app.db, kind, id);
    return { headers: { etag: proposalTag(found) }, json: proposalView(found) };
  },
});
