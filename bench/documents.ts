import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Measured } from "./documents/write.ts";
import { bundled } from "./support/bundle.ts";
import { inOwnProcess } from "./support/process-cost.ts";
import { table, thousands } from "./support/table.ts";

/**
 * Documents a second and peak memory: deal memos and long statements, from facts to the bytes of the file. Beside it the same
 * texts through bare pdfkit, in the same fonts: line after line without any layout, and (a few of them) with the tables that
 * pdfkit itself draws, whose time grows with the square of the rows. Each bundled as for Azure in a process of its own, of the rounds the one that took the least processor time.
 *
 *   node bench/documents.ts --memos 300 --statements 20 --holdings 1000 --rounds 3
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
  // Where the bundle looks for them, as beside the chunks of the app.
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
