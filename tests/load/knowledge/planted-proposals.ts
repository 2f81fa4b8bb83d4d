import type { Executor } from "#data/client.ts";
import { atomProposals, atoms, type KnowledgeKind, topicProposals, topics } from "#data/knowledge/knowledge-schema.ts";
import { cacheVectors } from "#data/vectors/cached-embeddings.ts";
import { anExtraction, hashesOf, localModel } from "#support/knowledge.ts";
import { seededRandom } from "../environment/seeded-random.ts";

const DIMENSIONS = 384;

/** A text about one of the planted concepts. Texts about the same concept are similar, all others are not. */
export interface PlantedText {
  readonly kind: KnowledgeKind;
  readonly concept: number;
  readonly text: string;
  readonly vector: Float32Array;
}

export interface Planted {
  /** What is known at the beginning: one entity a concept. */
  readonly known: readonly PlantedText[];
  readonly proposals: readonly (PlantedText & { readonly confidence: number })[];
}

/**
 * Proposals of both kinds: half of them alone with their concept, a fifth about something known, the rest twins in
 * groups of two to four; a twentieth has too little confidence. In random order.
 */
export function plantProposals(count: number, seed: number): Planted {
  const random = seededRandom(seed);
  const known: PlantedText[] = [];
  const proposals: (PlantedText & { confidence: number })[] = [];
  for (let concept = 1; proposals.length < count; concept++) {
    const kind = concept % 2 ? "topic" : "atom";
    const write = writer(kind, concept, random);
    const share = random();
    const isKnown = share >= 0.625 && share < 0.875;
    if (isKnown) known.push(write(0));
    const size = share < 0.875 ? 1 : 2 + Math.floor(random() * 3);
    const first = isKnown && random() < 0.5 ? 2 : 1;
    for (let n = first; n < first + size && proposals.length < count; n++) {
      proposals.push({ ...write(n), confidence: random() < 0.05 ? 0.6 : 0.95 + random() * 0.05 });
    }
  }
  return { known, proposals: shuffled(proposals, random) };
}

/** Texts about one concept: the same text in other letters, or other words with a similar vector. */
function writer(kind: KnowledgeKind, concept: number, random: () => number): (n: number) => PlantedText {
  const direction = Float32Array.from({ length: DIMENSIONS }, () => random() - 0.5);
  return (n) => {
    const text =
      n % 3 === 2
        ? `CONCEPT ${concept} of the ${kind}s!`
        : `Concept ${concept} of the ${kind}s${" again".repeat(n % 3)}`;
    const vector = direction.map((value) => value + (random() - 0.5) * 0.2);
    return { kind, concept, text: n >= 3 ? `${text} and again` : text, vector: unit(vector) };
  };
}

/** The concept that a text of `plantProposals` is about. */
export const conceptOf = (text: string) => /concept (\d+) of the (\w+)s/i.exec(text)!.slice(1).join(" ").toLowerCase();

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

const NOW = new Date("2026-03-10T08:00:00Z");
const hashes = ({ kind, text }: PlantedText) => hashesOf(kind, text, kind === "topic" ? "" : text);

/** Caches the vectors, so that the similarity of two texts is the planted one. */
export async function cachePlanted(db: Executor, texts: readonly PlantedText[]): Promise<void> {
  for (let from = 0; from < texts.length; from += 500) {
    const rows = texts.slice(from, from + 500);
    const vectors = rows.map((row) => ({ contentHash: hashes(row).contentHash, vector: row.vector }));
    await cacheVectors(db, localModel(DIMENSIONS), vectors);
  }
}

export async function insertKnown(db: Executor, known: readonly PlantedText[]): Promise<void> {
  const rows = (kind: KnowledgeKind) => known.filter((row) => row.kind === kind);
  const names = rows("topic").map((row) => ({ name: row.text, ...hashes(row), createdAt: NOW }));
  const contents = rows("atom").map((row) => ({ title: row.text, content: row.text, ...hashes(row), createdAt: NOW }));
  if (names.length) await db.insert(topics).values(names);
  if (contents.length) await db.insert(atoms).values(contents);
}

export async function insertProposals(db: Executor, proposals: Planted["proposals"]): Promise<void> {
  const extractionRunId = await anExtraction(db);
  const rows = (kind: KnowledgeKind) => proposals.filter((row) => row.kind === kind);
  const shared = (row: Planted["proposals"][number]) => ({
    extractionRunId,
    confidence: row.confidence,
    ...hashes(row),
    createdAt: NOW,
  });
  const ofTopics = rows("topic").map((row) => ({ ...shared(row), proposedName: row.text }));
  const ofAtoms = rows("atom").map((row) => ({ ...shared(row), proposedTitle: row.text, proposedContent: row.text }));
  if (ofTopics.length) await db.insert(topicProposals).values(ofTopics);
  if (ofAtoms.length) await db.insert(atomProposals).values(ofAtoms);
}
