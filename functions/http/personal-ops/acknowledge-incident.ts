import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { auditReason } from "../audit-reason.ts";
import { actOnIncident, incidentPath, incidentSchema } from "./incident-view.ts";

export const acknowledgeIncident = defineRoute({
  method: "POST",
  path: "api/personal-ops/incidents/{id}/acknowledge",
  access: "operator",
  idempotent: true,
  summary: "Acknowledge an open incident, with a reason: a person takes care of it; audited",
  params: incidentPath,
  body: z.strictObject({ reason: auditReason }),
  response: incidentSchema,
  async handle({ app, params: { id }, body: { reason }, caller, header }) {
    return { json: await actOnIncident(app, "acknowledge", { id, reason, caller, header }) };
  },
});
