import { z } from "zod";
import { findCounty } from "#data/tax-liens/counties.ts";
import { notFound, Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { countyIdText } from "#rules/tax-liens/county-id.ts";
import { deletionRefusals } from "../../tax-liens/delete-county/deletion-refusals.ts";
import { deleteCounty } from "../../tax-liens/delete-county/index.ts";
import { auditReason } from "../audit-reason.ts";
import { enqueueOnce } from "../idempotent-requests.ts";
import { startedRunReply, startedRunSchema } from "../started-run.ts";

export const requestDeletion = defineRoute({
  method: "POST",
  path: "api/counties/{id}/delete",
  access: "operator",
  idempotent: true,
  summary: "Delete a county with its liens, ingestions and files; to stop its ingestion only, set active to false",
  params: z.strictObject({ id: countyIdText }),
  body: z.strictObject({
    name: z.string().max(200).describe("The name of the county, as a confirmation"),
    reason: auditReason,
  }),
  response: startedRunSchema,
  async handle({ app, params: { id: countyId }, body, caller, header }) {
    const input = { countyId, ...body };
    const started = await enqueueOnce(app, { header, payload: { delete: input } }, async (db) => {
      const county = await findCounty(db, countyId);
      if (!county) throw notFound(`there is no county ${countyId}`);
      const errors = await deletionRefusals(db, county, body.name);
      if (errors.length) {
        const detail = errors.map(({ field, reason }) => `${field}: ${reason}`).join("; ");
        throw new Problem(409, "cannot-be-deleted", detail, { errors });
      }
      return { job: deleteCounty, input, trigger: "manual", requestedBy: caller };
    });
    return startedRunReply(started);
  },
});
