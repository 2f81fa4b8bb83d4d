import { setImmediate as nextTurn } from "node:timers/promises";
import type { Db } from "../client.ts";
import { codePages } from "./code-pages.ts";
import { CodeScan } from "./code-scan.ts";
import type { Candidates } from "./compare-candidates.ts";
import type { VectorSet } from "./vector-items.ts";

/** Comparisons of a code with a query in one turn of the event loop: about 10 ms at 384 dimensions. */
const COMPARISONS_A_TURN = 100_000;

/** Compares the codes of all entities with each query: memory does not grow with the set. */
export async function candidatesByScan(
  db: Db,
  set: VectorSet,
  queries: readonly Float32Array[],
  most: number,
): Promise<Candidates> {
  const scan = new CodeScan(queries, most);
  const turn = Math.ceil(COMPARISONS_A_TURN / queries.length);
  for await (const page of codePages(db, set, scan.codeBytes)) {
    for (let i = 0; i < page.length; i++) {
      scan.add(page.id(i), page.code(i));
      if (i % turn === turn - 1) await nextTurn();
    }
  }
  return scan.best.map(({ all }) => all.map(({ id }) => id));
}
