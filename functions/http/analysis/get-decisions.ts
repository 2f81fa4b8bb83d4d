import { z } from "zod";
import { DEAL_STATUSES } from "#data/tax-liens/analysis-run-schema.ts";
import { findAnalysis } from "#data/tax-liens/analysis-runs.ts";
import { listDecisions } from "#data/tax-liens/decision-events.ts";
import type { DecisionEvent } from "#data/tax-liens/decision-schema.ts";
import { readPage } from "#http/pagination.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { serialField } from "#rules/input-fields.ts";

export const getDecisions = defineRoute({
  method: "GET",
  path: "api/analysis/runs/{id}/decisions",
  access: "key",
  summary: "The decisions about an analysis's deals, of one deal or of one run, newest first, with their outcomes",
  params: z.strictObject({ id: z.uuid() }),
  query: z.strictObject({
    deal: serialField.optional(),
    run: z.uuid().optional(),
    refused: z.stringbool().optional(),
    cursor: serialField.optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
  }),
  response: z.object({
    decisions: z.array(
      z.object({
        decisionId: z.string(),
        dealId: z.int(),
        decision: z.enum(DEAL_STATUSES),
        reason: z.string(),
        decidedBy: z.enum(["user", "agent"]),
        from: z.enum(DEAL_STATUSES).nullable().describe("The deal's status before; null: the deal does not exist"),
        refusal: z.string().nullable().describe("Why it was refused; null: the deal has the new status"),
        run: z.uuid(),
        requestedBy: z.string().nullable(),
        at: z.iso.datetime(),
      }),
    ),
    nextCursor: z.int().nullable(),
  }),
  async handle({ app, params: { id }, query: { deal, run, refused, cursor, limit } }) {
    const filter = { dealId: deal, runId: run, isRefused: refused, before: cursor };
    const { rows, nextAfter } = await readPage(limit, (limit) => listDecisions(app.db, id, { ...filter, limit }));
    if (rows.length === 0 && !(await findAnalysis(app.db, id))) throw notFound(`there is no analysis ${id}`);
    return { json: { decisions: rows.map(decisionView), nextCursor: nextAfter?.id ?? null } };
  },
});

function decisionView({
  decisionId,
  dealId,
  decision,
  reason,
  decidedBy,
  fromStatus,
  refusal,
  ...event
}: DecisionEvent) {
  const { runId, requestedBy, at } = event;
  return { decisionId, dealId, decision, reason, decidedBy, from: fromStatus, refusal, run: runId, requestedBy, at };
}
