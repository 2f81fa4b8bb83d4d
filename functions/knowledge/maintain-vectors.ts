import { deleteReplacedVectors } from "#data/knowledge/dedup-entities.ts";
import { KNOWLEDGE_KINDS } from "#data/knowledge/knowledge-schema.ts";
import { deleteOtherIndexes } from "#data/vectors/vector-index.ts";
import { defineJob, linear, schedule, writes, z } from "#jobs";
import { openEmbedder } from "#providers/embeddings/open-embedder.ts";
import { maintainIndex } from "#services/knowledge/maintain-index.ts";
import { knowledge } from "../families.ts";

/**
 * Maintains the indexes of pgvector, and deletes the vectors of replaced models. Running twice is safe, also side by
 * side: each step commits alone under the lock of its index, and a search compares what an index does not have yet.
 */
export const maintainVectors = defineJob({
  id: "maintain_vectors",
  family: knowledge,
  summary: "Maintain the search index of vectors; delete the vectors of replaced models",
  on: schedule("0 7/15 * * * *", "UTC"),
  input: z.strictObject({}),
  retry: linear({ retries: 1, delay: "10s" }),
  // An index of millions of vectors takes an hour or more to build.
  timeout: "6h",
  gates: [writes],
  missed: "once",
  overlap: "skip",

  async run(context) {
    const { settings, batches, transaction } = context;
    const { model } = openEmbedder(settings);
    const result = { vectors_deleted: 0, changes_indexed: 0, changes_repaired: 0 };
    const search: Record<string, string> = {};
    await transaction((tx) => deleteOtherIndexes(tx, settings.EMBEDDINGS_INDEX_ENABLED ? model : null));
    for (const kind of KNOWLEDGE_KINDS) {
      const { deleted = 0 } = await batches(5_000, async (tx, limit) => ({
        deleted: await deleteReplacedVectors(tx, { kind, model }, limit),
      }));
      result.vectors_deleted += deleted;
      if (!settings.EMBEDDINGS_INDEX_ENABLED) continue;
      const maintained = await maintainIndex(context, {
        kind,
        model,
        dimensions: settings.EMBEDDINGS_DIMENSIONS,
        minVectors: settings.EMBEDDINGS_INDEX_MIN_VECTORS,
        memoryMb: settings.EMBEDDINGS_INDEX_MEMORY_MB,
      });
      result.changes_indexed += maintained.indexed;
      result.changes_repaired += maintained.repaired;
      search[kind] = maintained.search;
    }
    return { ...result, search };
  },
});
