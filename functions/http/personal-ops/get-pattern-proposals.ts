import { z } from "zod";
import { listPatternProposals } from "#data/personal-ops/pattern-proposals.ts";
import { DECISION_STATUSES } from "#data/personal-ops/personal-ops-schema.ts";
import { readPage } from "#http/pagination.ts";
import { defineRoute } from "#http/route.ts";
import { serialField } from "#rules/input-fields.ts";
import { patternProposalSchema, patternProposalView } from "./pattern-proposal-view.ts";

export const getPatternProposals = defineRoute({
  method: "GET",
  path: "api/personal-ops/proposals",
  access: "viewer",
  summary: "What the system offers to do about patterns, newest first",
  query: z.strictObject({
    status: z.enum(DECISION_STATUSES).optional(),
    cursor: serialField.optional(),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  }),
  response: z.object({ proposals: z.array(patternProposalSchema), nextCursor: z.int().nullable() }),
  async handle({ app, query: { status, cursor: before, limit } }) {
    const { rows, nextAfter } = await readPage(limit, (limit) =>
      listPatternProposals(app.db, { status, before, limit }),
    );
    return { json: { proposals: rows.map(patternProposalView), nextCursor: nextAfter?.id ?? null } };
  },
});
