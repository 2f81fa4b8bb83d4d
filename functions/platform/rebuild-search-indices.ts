import { defineJob, linear, schedule, z } from "#jobs";
import { connect } from "#data/client.ts";
import { databaseOptions } from "#data/database-options.ts";
import { dropLeftover, rebuildIndex, searchIndexes } from "#data/platform/search-indexes.ts";
import { platform } from "../families.ts";

/**
 * Builds the indexes anew that texts and vectors are searched with, which grow and lose their shape with every change. Readers
 * and writers go on: the new one is built beside the old one. Twice is safe: it changes no data, and what a rebuild that was cut
 * off has left behind is dropped first.
 */
export const rebuildSearchIndices = defineJob({
  id: "rebuild_search_indices",
  family: platform,
  summary: "Build text and vector indexes anew while they are read",
  on: schedule("0 30 2 1 * *", "UTC"),
  input: z.strictObject({}),
  retry: linear({ retries: 2, delay: "15m" }),
  timeout: "6h",

  async run({ settings, signal, progress }) {
    // A connection of its own: hours in one statement must not stand in the way of the heartbeat.
    const db = connect({ ...databaseOptions(settings, "rota rebuild_search_indices"), poolMax: 1 });
    try {
      const found = await searchIndexes(db);
      const leftovers = found.filter(({ isLeftover }) => isLeftover);
      for (const index of leftovers) await dropLeftover(db, index, signal);
      const indexes = found.filter(({ isLeftover }) => !isLeftover);
      for (const [done, index] of indexes.entries()) {
        progress(done, indexes.length, `${index.schema}.${index.name}`);
        await rebuildIndex(db, index, signal);
      }
      return { rebuilt: indexes.length, dropped: leftovers.length };
    } finally {
      await db.$client.end({ timeout: 5 });
    }
  },
});
