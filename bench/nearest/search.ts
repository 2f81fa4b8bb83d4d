import { connect } from "#data/client.ts";
import { nearest } from "#data/vectors/nearest.ts";
import { costOf, peakMiB } from "../support/process-cost.ts";
import { loadVectors } from "./load-vectors.ts";
import { sampleVectors } from "./sample-vectors.ts";

/** A search of 100 vectors, measured in a process that did not make the others. */
export interface Searched {
  readonly cost: Awaited<ReturnType<typeof costOf>>;
  readonly peakMiB: number;
  readonly recall: number;
}

const [url, pid, shape, rows, round] = process.argv.slice(2) as [
  string,
  string,
  "clustered" | "random",
  string,
  string,
];
const SET = { kind: "bench", model: "bench/384" };
const sample = sampleVectors(shape, Number(rows));
const queries = Array.from({ length: 100 }, (_, i) => sample.query(i));
if (round === "1") await loadVectors(url, SET, { count: Number(rows), vector: (id) => sample.vector(id) });

const db = connect({ url, poolMax: 2, idleMs: 60_000, tls: "disable", prepare: true });
let found: Awaited<ReturnType<typeof nearest>> = [];
const cost = await costOf({ url, pid: Number(pid) }, async () => {
  found = await nearest(db, SET, queries, 5);
});
const memory = peakMiB();
await db.$client.end();
console.log(JSON.stringify({ cost, peakMiB: memory, recall: recallOf(found) } satisfies Searched));

/** The share of the true five nearest of the first 20 queries that was found. */
function recallOf(found: Awaited<ReturnType<typeof nearest>>): number {
  const some = queries.slice(0, 20);
  const best = some.map((): { id: number; similarity: number }[] => []);
  for (let id = 1; id <= Number(rows); id++) {
    const vector = sample.vector(id);
    for (const [i, query] of some.entries()) {
      let similarity = 0;
      for (let d = 0; d < query.length; d++) similarity += query[d]! * vector[d]!;
      const top = best[i]!;
      if (top.length === 5 && similarity <= top[4]!.similarity) continue;
      top.push({ id, similarity });
      top.sort((a, b) => b.similarity - a.similarity);
      top.length = Math.min(top.length, 5);
    }
  }
  const hits = best.flatMap((top, i) => top.filter(({ id }) => found[i]!.some((neighbour) => neighbour.id === id)));
  return hits.length / (some.length * 5);
}
