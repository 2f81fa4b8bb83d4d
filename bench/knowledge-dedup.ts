import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { localEmbedder } from "#providers/embeddings/local-embedder.ts";
import { normalisedText } from "#rules/knowledge/proposal-text.ts";
import { table } from "./support/table.ts";

/**
 * How well the local embedder tells duplicates, on labelled pairs of questions, beside the share of common words
 * (Jaccard). Both at the default threshold of KNOWLEDGE_DEDUP_SIMILARITY_THRESHOLD and at the threshold that is best
 * for these very pairs, which flatters a little.
 *
 *     npx node bench/knowledge-dedup.ts
 */
const PAIRS = join(import.meta.dirname, "../../shared/data/dedup/question-pairs-sample.tsv");
const DEFAULT_THRESHOLD = 0.85;
const DIMENSIONS = [384, 1536];

interface Pair {
  readonly isDuplicate: boolean;
  readonly texts: readonly [string, string];
}

interface Scored {
  readonly isDuplicate: boolean;
  readonly similarity: number;
}

const text = await readFile(PAIRS, "utf8").catch(() => null);
if (text === null) console.log(`skipped: there are no labelled pairs in ${PAIRS}`);
else await report(pairsOf(text));

function pairsOf(text: string): Pair[] {
  const lines = text.trim().split("\n").slice(1);
  return lines.map((line) => {
    const [label, first, second] = line.split("\t");
    return { isDuplicate: label === "1", texts: [first!, second!] };
  });
}

async function report(pairs: readonly Pair[]): Promise<void> {
  const rows = rowsOf("common words (Jaccard)", scored(pairs, pairs.map(jaccard)));
  for (const dimensions of DIMENSIONS) {
    rows.push(...rowsOf(`local embedder, ${dimensions} dimensions`, scored(pairs, await cosines(pairs, dimensions))));
  }
  const duplicates = pairs.filter(({ isDuplicate }) => isDuplicate).length;
  console.log(`${pairs.length} pairs, ${duplicates} of them duplicates\n\n${table(rows)}`);
}

function rowsOf(method: string, pairs: readonly Scored[]) {
  return [DEFAULT_THRESHOLD, bestThreshold(pairs)].map((threshold) => {
    const { precision, recall, accuracy } = quality(pairs, threshold);
    const shown = { precision: precision.toFixed(3), recall: recall.toFixed(3), accuracy: accuracy.toFixed(3) };
    return { method, threshold: threshold.toFixed(3), ...shown };
  });
}

function quality(pairs: readonly Scored[], threshold: number) {
  const count = (isFlagged: boolean, isDuplicate: boolean) =>
    pairs.filter((pair) => pair.similarity >= threshold === isFlagged && pair.isDuplicate === isDuplicate).length;
  const [found, wrong, missed, passed] = [
    count(true, true),
    count(true, false),
    count(false, true),
    count(false, false),
  ];
  return {
    precision: found / (found + wrong),
    recall: found / (found + missed),
    accuracy: (found + passed) / pairs.length,
  };
}

function bestThreshold(pairs: readonly Scored[]): number {
  const thresholds = Array.from({ length: 1_000 }, (_, i) => i / 1_000);
  const accuracies = thresholds.map((threshold) => quality(pairs, threshold).accuracy);
  return thresholds[accuracies.indexOf(Math.max(...accuracies))]!;
}

function scored(pairs: readonly Pair[], similarities: readonly number[]): Scored[] {
  return pairs.map(({ isDuplicate }, i) => ({ isDuplicate, similarity: similarities[i]! }));
}

function jaccard({ texts }: Pair): number {
  const [first, second] = texts.map((each) => new Set(normalisedText(each).match(/[\p{L}\p{M}\p{N}]+/gu)));
  const common = [...first!].filter((word) => second!.has(word)).length;
  return common / (first!.size + second!.size - common);
}

async function cosines(pairs: readonly Pair[], dimensions: number): Promise<number[]> {
  const { signal } = new AbortController();
  const { vectors } = await localEmbedder(dimensions).embed(
    pairs.flatMap((pair) => pair.texts),
    signal,
  );
  return pairs.map((_, i) => {
    const [first, second] = [vectors[2 * i]!, vectors[2 * i + 1]!];
    return first.reduce((sum, value, d) => sum + value * second[d]!, 0);
  });
}
