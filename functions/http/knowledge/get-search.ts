import { z } from "zod";
import { KNOWLEDGE_KINDS, type KnowledgeKind } from "#data/knowledge/knowledge-schema.ts";
import { pgvector } from "#data/vectors/pgvector.ts";
import { countChanges, countVectors, indexOf } from "#data/vectors/vector-index.ts";
import type { App } from "#http/app-services.ts";
import { defineRoute } from "#http/route.ts";
import { openEmbedder } from "#providers/embeddings/open-embedder.ts";

const index = z.object({
  state: z
    .enum(["filling", "ready", "rejected", "failed"])
    .describe("Searches use a `ready` index only. `rejected`: it found too few; `failed`: see `error`"),
  efSearch: z.int().nullable().describe("Vectors that a search visits"),
  recall: z.number().nullable().describe("The share of the five nearest that it found"),
  sampled: z.int().nullable().describe("Searches by which it was measured"),
  measuredVectors: z.int().nullable(),
  measuredAt: z.iso.datetime().nullable(),
  changedSince: z.int().describe("Vectors that changed since it was measured"),
  waiting: z
    .int()
    .describe("Changes that it does not have yet: searches compare them as well, or all when they are many"),
  error: z.string().nullable(),
});

export const getSearch = defineRoute({
  method: "GET",
  path: "api/knowledge/search",
  access: "viewer",
  summary: "How topics and atoms are searched for duplicates: by comparing all vectors, or by an index of pgvector",
  response: z.object({
    model: z.string(),
    pgvector: z.object({
      installed: z.string().nullable().describe("Version of the extension in this database"),
      available: z.string().nullable().describe("Version that the server offers"),
    }),
    sets: z.array(
      z.object({
        kind: z.enum(KNOWLEDGE_KINDS),
        vectors: z.int(),
        usesIndex: z.boolean(),
        index: index.nullable(),
      }),
    ),
  }),
  async handle({ app }) {
    const { installed, available } = await pgvector(app.db);
    const { model } = openEmbedder(app.config);
    const sets = [];
    for (const kind of KNOWLEDGE_KINDS) sets.push(await viewOf(app, { kind, model }));
    return { json: { model, pgvector: { installed, available }, sets } };
  },
});

async function viewOf({ db }: App, set: { readonly kind: KnowledgeKind; readonly model: string }) {
  const [vectors, found] = await Promise.all([countVectors(db, set), indexOf(db, set)]);
  const view = { kind: set.kind, vectors, usesIndex: found?.state === "ready" };
  if (!found) return { ...view, index: null };
  const { state, efSearch, recall, sampled, measuredVectors, changedSince, error } = found;
  const measuredAt = found.measuredAt?.toISOString() ?? null;
  const waiting = await countChanges(db, found.id);
  return {
    ...view,
    index: { state, efSearch, recall, sampled, measuredVectors, measuredAt, changedSince, waiting, error },
  };
}
