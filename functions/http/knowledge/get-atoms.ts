import { z } from "zod";
import { listAtoms } from "#data/knowledge/list-entities.ts";
import { readPage } from "#http/pagination.ts";
import { defineRoute } from "#http/route.ts";
import { rowNumber } from "./proposal-view.ts";

export const getAtoms = defineRoute({
  method: "GET",
  path: "api/knowledge/atoms",
  access: "viewer",
  summary: "Known atoms, newest first, all or those of a topic",
  query: z.strictObject({
    topic: rowNumber.optional().describe("The id of a topic"),
    cursor: rowNumber.optional(),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  }),
  response: z.object({
    atoms: z.array(
      z.object({
        id: z.int(),
        title: z.string(),
        content: z.string(),
        topic: z.int().nullable(),
        topicName: z.string().nullable(),
        createdAt: z.iso.datetime(),
      }),
    ),
    nextCursor: z.int().nullable(),
  }),
  async handle({ app, query: { topic, cursor: before, limit } }) {
    const { rows, nextAfter } = await readPage(limit, (limit) => listAtoms(app.db, { topic, before, limit }));
    return { json: { atoms: rows, nextCursor: nextAfter?.id ?? null } };
  },
});
