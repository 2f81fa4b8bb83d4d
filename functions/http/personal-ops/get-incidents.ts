import { z } from "zod";
import { listIncidents } from "#data/personal-ops/incident-queries.ts";
import { INCIDENT_STATUSES } from "#data/personal-ops/personal-ops-schema.ts";
import { readPage } from "#http/pagination.ts";
import { defineRoute } from "#http/route.ts";
import { serialField } from "#rules/input-fields.ts";
import { incidentSchema, incidentView } from "./incident-view.ts";

export const getIncidents = defineRoute({
  method: "GET",
  path: "api/personal-ops/incidents",
  access: "viewer",
  summary: "What is or was wrong, newest first, without archived incidents",
  query: z.strictObject({
    status: z.enum(INCIDENT_STATUSES).optional(),
    cursor: serialField.optional(),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  }),
  response: z.object({ incidents: z.array(incidentSchema), nextCursor: z.int().nullable() }),
  async handle({ app, query: { status, cursor: before, limit } }) {
    const { rows, nextAfter } = await readPage(limit, (limit) => listIncidents(app.db, { status, before, limit }));
    return { json: { incidents: rows.map(incidentView), nextCursor: nextAfter?.id ?? null } };
  },
});
