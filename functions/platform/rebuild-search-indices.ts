import { connectAlone } from "#data/client.ts";
import { databaseOptions } from "#data/database-options.ts";
import { dropLeftover, rebuildIndex, searchIndexes } from "#data/platform/search-indexes.ts";
import { defineJob, linear, schedule, z } from "#jobs";
import { platform } from "../families.ts";

/**
 * Rebuilds the indexes of text and vector search, which bloat with every change. Readers and writers continue: the new
 * index is built beside the old one. Running twice is safe: the job changes no data, and first drops what an
 * interrupted rebuild has left.
 */
export const rebuildSearchIndices = defineJob({
  id: "rebuild_search_indices",
  family: platform,
  summary: "Rebuild text and vector indexes while they are in use",
  on: schedule("0 30 2 1 * *", "UTC"),
  input: z.strictObject({}),
  retry: linear({ retries: 2, delay: "15m" }),
  timeout: "6h",

  async run({ settings, signal, progress }) {
    // Its own connection: hours in one statement must not block the heartbeat.
    const connection = connectAlone(databaseOptions(settings, "rota rebuild_search_indices"));
    try {
      const found = await searchIndexes(connection);
      const leftovers = found.filter(({ isLeftover }) => isLeftover);
      for (const index of leftovers) await dropLeftover(connection, index, signal);
      const indexes = found.filter(({ isLeftover }) => !isLeftover);
      for (const [done, index] of indexes.entries()) {
        progress(done, indexes.length, `${index.schema}.${index.name}`);
        await rebuildIndex(connection, index, signal);
      }
      return { rebuilt: indexes.length, dropped: leftovers.length };
    } finally {
      await connection.end({ timeout: 5 });
    }
  },
});
