import { z } from "zod";
import type { Tx } from "#data/client.ts";
import {
  acknowledgeIncident as acknowledge,
  findIncident,
  type IncidentAction,
  resolveIncident as resolve,
} from "#data/personal-ops/incident-queries.ts";
import { type Incident, INCIDENT_STATUSES } from "#data/personal-ops/personal-ops-schema.ts";
import type { App } from "#http/app-services.ts";
import { notFound, Problem } from "#http/problem.ts";
import { SEVERITIES } from "#notifications/notification.ts";
import { serialField } from "#rules/input-fields.ts";
import { instant } from "../admin/field-schemas.ts";
import { respondOnce } from "../idempotent-requests.ts";
import { auditByPerson } from "./audit-by-person.ts";

export const incidentPath = z.strictObject({ id: serialField });

export const incidentSchema = z.object({
  id: z.int(),
  type: z.string(),
  key: z.string().describe("What has the trouble: an action, a workflow, a provider"),
  severity: z.enum(SEVERITIES),
  title: z.string(),
  detail: z.string(),
  status: z.enum(INCIDENT_STATUSES),
  occurrences: z.int().describe("How often its cause was seen"),
  firstSeen: instant,
  lastSeen: instant,
  acknowledgedAt: instant.nullable(),
  acknowledgedBy: z.string().nullable(),
  resolvedAt: instant.nullable(),
  resolvedBy: z.string().nullable().describe("The caller, or the job that no longer saw the cause"),
  resolution: z.string().nullable(),
});

export function incidentView({ hour: _, archived: __, ...incident }: Incident): z.input<typeof incidentSchema> {
  return JSON.parse(JSON.stringify(incident)) as z.input<typeof incidentSchema>;
}

const ACTIONS = {
  acknowledge: { apply: acknowledge, verb: "acknowledged" },
  resolve: { apply: resolve, verb: "resolved" },
} as const;

interface IncidentRequest {
  readonly id: number;
  readonly reason: string;
  readonly caller: string;
  readonly header: (name: string) => string | null;
}

/**
 * Acknowledges or resolves an incident, audited.
 * @throws Problem 404 without the incident, 409 when it is acknowledged or resolved already
 */
export async function actOnIncident(
  app: App,
  action: keyof typeof ACTIONS,
  { id, reason, caller, header }: IncidentRequest,
): Promise<Record<string, unknown>> {
  const { apply, verb } = ACTIONS[action];
  const payload = { [action]: id, reason };
  const { response } = await respondOnce(app, { header, payload }, async (tx) => {
    const at = app.clock.now();
    const isDone = await apply(tx, { id, by: caller, reason, at } satisfies IncidentAction);
    const incident = await incidentOr404(tx, id);
    if (!isDone) throw new Problem(409, "not-open", `the incident ${id} is ${incident.status} already`);
    await auditByPerson(tx, { at, caller, action: `incident ${verb}`, subject: `incident:${id}`, reason });
    return { response: incidentView(incident) };
  });
  return response;
}

async function incidentOr404(tx: Tx, id: number): Promise<Incident> {
  const found = await findIncident(tx, id);
  if (found) return found;
  throw notFound(`there is no incident ${id}`);
}
