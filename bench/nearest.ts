import { parseArgs } from "node:util";
import type { Searched } from "./nearest/search.ts";
import { benchDatabase } from "./support/database.ts";
import { table, thousands } from "./support/table.ts";

/**
 * The five nearest of 100 vectors among 10,000 and 1,000,000 of 384 dimensions: elapsed time, processor time of the
 * process and of PostgreSQL, peak memory of the process, and recall@5 against a comparison of all vectors in float32.
 * Each search is bundled as for Azure, in its own process. Clustered vectors lie around one center for 100 of them, as
 * embeddings of texts about the same things do; random ones have no neighbours that are much nearer than others.
 *
 *     npx node bench/nearest.ts [--rows 10000,1000000] [--rounds 2]
 */
const { values } = parseArgs({
  options: { rows: { type: "string", default: "10000,1000000" }, rounds: { type: "string", default: "2" } },
});

const results: Record<string, string>[] = [];
for (const rows of values.rows.split(",").map(Number)) {
  for (const shape of ["clustered", "random"]) {
    // A database for each: the rows of one do not make the next one's slower.
    await using database = await benchDatabase({ max_wal_size: "8GB", shared_buffers: "512MB" });
    for (let round = 1; round <= Number(values.rounds); round++) {
      const search = await database.measure<Searched>("nearest/search.ts", shape, String(rows), String(round));
      results.push({
        vectors: `${thousands(rows)} ${shape}`,
        round: `${round}`,
        "ms elapsed": thousands(search.cost.ms),
        "ms process": thousands(search.cost.cpuMs),
        "ms PostgreSQL": thousands(search.cost.postgresCpuMs ?? NaN),
        "peak MiB": thousands(search.peakMiB),
        "recall@5": search.recall.toFixed(4),
      });
    }
  }
}
console.log(table(results));
