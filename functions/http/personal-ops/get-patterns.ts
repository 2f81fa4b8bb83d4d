import { z } from "zod";
import { listPatterns } from "#data/personal-ops/patterns.ts";
import { PATTERN_TYPES } from "#data/personal-ops/personal-ops-schema.ts";
import { readPage } from "#http/pagination.ts";
import { defineRoute } from "#http/route.ts";
import { serialField } from "#rules/input-fields.ts";
import { fields, instant } from "../admin/field-schemas.ts";

export const getPatterns = defineRoute({
  method: "GET",
  path: "api/personal-ops/patterns",
  access: "viewer",
  summary: "What repeats itself in the person's work, with the confidence of the last scan; newest first",
  query: z.strictObject({
    type: z.enum(PATTERN_TYPES).optional(),
    cursor: serialField.optional(),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  }),
  response: z.object({
    patterns: z.array(
      z.object({
        id: z.int(),
        type: z.enum(PATTERN_TYPES),
        fingerprint: z.string(),
        confidence: z.number(),
        title: z.string(),
        evidence: fields.describe("The figures behind the confidence, and what is offered"),
        occurrences: z.int().describe("The number of scans that found it"),
        firstSeen: instant,
        lastSeen: instant,
      }),
    ),
    nextCursor: z.int().nullable(),
  }),
  async handle({ app, query: { type, cursor: before, limit } }) {
    const { rows, nextAfter } = await readPage(limit, (limit) => listPatterns(app.db, { type, before, limit }));
    return { json: { patterns: rows, nextCursor: nextAfter?.id ?? null } };
  },
});
