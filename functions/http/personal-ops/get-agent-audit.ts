import { z } from "zod";
import { listAgentAudit } from "#data/personal-ops/agent-audit.ts";
import { ACTION_TYPES } from "#data/personal-ops/personal-ops-schema.ts";
import { readPage } from "#http/pagination.ts";
import { defineRoute } from "#http/route.ts";
import { instantField, isStorableInstant } from "#rules/input-fields.ts";
import { instant } from "../admin/field-schemas.ts";

/** The time and the id of the last entry of a page. */
const cursor = z
  .string()
  .regex(/^\d{1,15}-\d{1,15}$/, "expected the nextCursor of a page")
  .transform((text) => {
    const [ms, id] = text.split("-").map(Number);
    return { at: new Date(ms!), id: id! };
  })
  .refine(({ at }) => isStorableInstant(at), "expected the nextCursor of a page");

export const getAgentAudit = defineRoute({
  method: "GET",
  path: "api/personal-ops/audit",
  access: "viewer",
  summary: "What acted for the person, tried to or was kept from it, without archived entries; newest first",
  query: z.strictObject({
    action: z.string().max(200).optional().describe("The id of a job, or a verb with its object"),
    type: z.enum(ACTION_TYPES).optional(),
    run: z.uuid().optional().describe("With the archived entries of the run"),
    since: instantField.optional(),
    cursor: cursor.optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
  }),
  response: z.object({
    entries: z.array(
      z.object({
        id: z.int(),
        at: instant,
        action: z.string(),
        actionType: z.enum(ACTION_TYPES),
        actor: z.string().describe("The job, or the caller"),
        runId: z.uuid().nullable(),
        attempt: z.int().nullable(),
        success: z.boolean(),
        error: z.string().nullable().describe("The failure, or the gate that stopped the attempt"),
        durationMs: z.int().nullable(),
        output: z.record(z.string(), z.unknown()).nullable(),
      }),
    ),
    nextCursor: z.string().nullable(),
  }),
  async handle({ app, query: { type: actionType, run: runId, cursor: before, limit, ...filter } }) {
    const { rows, nextAfter } = await readPage(limit, (limit) =>
      listAgentAudit(app.db, { ...filter, actionType, runId, before, limit }),
    );
    const entries = rows.map(({ archived: _, ...entry }) => entry);
    return { json: { entries, nextCursor: nextAfter && `${nextAfter.at.getTime()}-${nextAfter.id}` } };
  },
});
