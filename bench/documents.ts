import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Measured } from "./documents/write.ts";
import { bundled } from "./support/bundle.ts";
import { inOwnProcess } from "./support/process-cost.ts";
import { table, thousands } from "./support/table.ts";

/**
 * Documents per second and peak memory: deal memos and long statements, from facts to the bytes of the file. Compared
 * with the same texts through bare pdfkit in the same fonts: as lines without layout, and (a few) with pdfkit's own
 * tables, whose time grows with the square of the rows. Each is bundled as for Azure and has its own process; of the
 * rounds the one with the least processor time.
 *
 *   npx node bench/documents.ts --memos 300 --statements 20 --holdings 1000 --rounds 3
 */
const { values } = parseArgs({
  options: {
    memos: { type: "string", default: "100" },
    statements: { type: "string", default: "5" },
    holdings: { type: "string", default: "500" },
    rounds: { type: "string", default: "2" },
  },
});
const CASES = [
  { name: "deal memo", count: Number(values.memos), args: ["memo"], ways: ["pdf", "lines", "tables", "html"] },
  {
    name: `statement, ${thousands(Number(values.holdings))} holdings`,
    count: Number(values.statements),
    args: ["statement", values.holdings],
    ways: ["pdf", "lines", "html"],
  },
];
const WAYS: Readonly<Record<string, string>> = {
  pdf: "PDF",
  lines: "bare pdfkit, lines alone",
  tables: "bare pdfkit, its tables",
  html: "HTML",
};

const directory = await mkdtemp(join(tmpdir(), "rota-bench-"));
try {
  const script = await bundled(join(import.meta.dirname, "documents/write.ts"), join(directory, "bundle"));
  // The bundle reads the fonts there, as the app does beside its chunks.
  await cp(join(import.meta.dirname, "../shared/documents/fonts"), join(directory, "fonts"), { recursive: true });
  const lines = [];
  for (const { name, count: all, args, ways } of CASES) {
    for (const way of ways) {
      const count = way === "tables" ? Math.ceil(all / 20) : all;
      const rounds: Measured[] = [];
      for (let round = 0; round < Number(values.rounds); round++) {
        rounds.push(await inOwnProcess<Measured>(script, [way, String(count), ...args]));
      }
      const { ms, cpuMs, bytes, peakMiB } = rounds.toSorted((a, b) => a.cpuMs - b.cpuMs)[0]!;
      lines.push({
        document: name,
        way: WAYS[way]!,
        "a second": (count / (ms / 1_000)).toFixed(1),
        "CPU ms each": (cpuMs / count).toFixed(1),
        "kB each": thousands(bytes / count / 1_000),
        "peak MiB": thousands(peakMiB),
      });
    }
  }
  console.log(`\n${table(lines)}`);
} finally {
  await rm(directory, { recursive: true, force: true });
}
