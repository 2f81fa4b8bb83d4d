import { z } from "zod";
import { listTopics } from "#data/knowledge/list-entities.ts";
import { readPage } from "#http/pagination.ts";
import { defineRoute } from "#http/route.ts";
import { rowNumber } from "./proposal-view.ts";

export const getTopics = defineRoute({
  method: "GET",
  path: "api/knowledge/topics",
  access: "viewer",
  summary: "Known topics, newest first",
  query: z.strictObject({
    cursor: rowNumber.optional(),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  }),
  response: z.object({
    topics: z.array(
      z.object({
        id: z.int(),
        name: z.string(),
        description: z.string(),
        atoms: z.int().describe("How many atoms it has"),
        createdAt: z.iso.datetime(),
      }),
    ),
    nextCursor: z.int().nullable(),
  }),
  async handle({ app, query: { cursor: before, limit } }) {
    const { rows, nextAfter } = await readPage(limit, (limit) => listTopics(app.db, { before, limit }));
    return { json: { topics: rows, nextCursor: nextAfter?.id ?? null } };
  },
});
