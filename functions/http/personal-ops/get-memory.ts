import { z } from "zod";
import { listMemory } from "#data/personal-ops/list-memory.ts";
import { AUTHORITIES, SOURCES } from "#data/personal-ops/personal-ops-schema.ts";
import { readPage } from "#http/pagination.ts";
import { badRequest } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";

export const getMemory = defineRoute({
  method: "GET",
  path: "api/personal-ops/memory",
  access: "viewer",
  summary: "Search what the system remembers, or show the history of one key",
  query: z.strictObject({
    q: z.string().trim().min(1).max(500).optional().describe('Words of title and text; "exact words", or, -without'),
    key: z.string().min(1).max(300).optional().describe("Also shows items of this key that are no longer valid"),
    cursor: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
    limit: z.coerce.number().int().min(1).max(100).default(20),
  }),
  response: z.object({
    items: z.array(
      z.object({
        id: z.int(),
        key: z.string(),
        title: z.string(),
        text: z.string().describe("At most 10,000 characters"),
        data: z.record(z.string(), z.unknown()),
        authority: z.enum(AUTHORITIES),
        source: z.enum(SOURCES),
        validFrom: z.iso.datetime(),
        validTo: z.iso.datetime().nullable(),
        supersededBy: z.int().nullable().describe("The id of the item that replaced it"),
        supersedeReason: z.string().nullable(),
      }),
    ),
    nextCursor: z.int().nullable(),
  }),
  async handle({ app, query: { q: words, key, cursor: before, limit } }) {
    if (words === undefined && key === undefined) {
      throw badRequest([{ field: "q", reason: "expected words to search, or a key" }]);
    }
    const { rows, nextAfter } = await readPage(limit, (limit) => listMemory(app.db, { words, key, before, limit }));
    return { json: { items: rows, nextCursor: nextAfter?.id ?? null } };
  },
});
