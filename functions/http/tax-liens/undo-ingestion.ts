import { z } from "zod";
import { findIngestion } from "#data/tax-liens/lien-ingestions.ts";
import { notFound, Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { serialField } from "#rules/input-fields.ts";
import { countyIdText } from "#rules/tax-liens/county-id.ts";
import { undoLienIngestion } from "../../tax-liens/undo-lien-ingestion/index.ts";
import { undoRefusals } from "../../tax-liens/undo-lien-ingestion/undo-refusals.ts";
import { auditReason } from "../audit-reason.ts";
import { enqueueOnce } from "../idempotent-requests.ts";
import { startedRunReply, startedRunSchema } from "../started-run.ts";

export const undoIngestion = defineRoute({
  method: "POST",
  path: "api/counties/{id}/ingestions/{ingestion}/undo",
  access: "operator",
  idempotent: true,
  summary: "Undo the last ingestion of a county: its liens return to what they were before",
  params: z.strictObject({ id: countyIdText, ingestion: serialField }),
  body: z.strictObject({ reason: auditReason }),
  response: startedRunSchema,
  async handle({ app, params: { id: countyId, ingestion: ingestionId }, body: { reason }, caller, header }) {
    const input = { countyId, ingestionId, reason };
    const started = await enqueueOnce(app, { header, payload: { undo: input } }, async (db) => {
      const ingestion = await findIngestion(db, countyId, ingestionId);
      if (!ingestion) throw notFound(`${countyId} has no ingestion ${ingestionId}`);
      const refusals = await undoRefusals(db, ingestion);
      if (refusals.length) {
        throw new Problem(409, "cannot-be-undone", refusals.join("; "), {
          errors: refusals.map((refusal) => ({ field: "ingestion", reason: refusal })),
        });
      }
      return { job: undoLienIngestion, input, trigger: "manual", requestedBy: caller };
    });
    return startedRunReply(started);
  },
});
