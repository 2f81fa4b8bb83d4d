import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { auditReason } from "../audit-reason.ts";
import { actOnIncident, incidentPath, incidentSchema } from "./incident-view.ts";

export const resolveIncident = defineRoute({
  method: "POST",
  path: "api/personal-ops/incidents/{id}/resolve",
  access: "operator",
  idempotent: true,
  summary: "Resolve an incident, with a reason: its cause is over; audited",
  params: incidentPath,
  body: z.strictObject({ reason: auditReason }),
  response: incidentSchema,
  async handle({ app, params: { id }, body: { reason }, caller, header }) {
    return { json: await actOnIncident(app, "resolve", { id, reason, caller, header }) };
  },
});
