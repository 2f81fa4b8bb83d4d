import type { Executor } from "#data/client.ts";
import {
  type Atom,
  type AtomProposal,
  atomProposals,
  atoms,
  extractionRuns,
  type KnowledgeKind,
  type Topic,
  type TopicProposal,
  topicProposals,
  topics,
} from "#data/knowledge/knowledge-schema.ts";
import { cacheVectors } from "#data/vectors/cached-embeddings.ts";
import { localEmbedder } from "#providers/embeddings/local-embedder.ts";
import { contentHash, exactKey, knowledgeTexts } from "#rules/knowledge/proposal-text.ts";

const CREATED = new Date("2026-03-10T08:00:00Z");

/** The hashes of a text that the tables hold. */
export function hashesOf(kind: KnowledgeKind, title: string, body: string) {
  const { embedded, exact } = knowledgeTexts[kind](title, body);
  return { exactKey: exactKey(exact), contentHash: contentHash(embedded) };
}

/** A known topic. */
export async function aTopic(db: Executor, name: string, description = ""): Promise<Topic> {
  const [row] = await db
    .insert(topics)
    .values({ name, description, ...hashesOf("topic", name, description), createdAt: CREATED })
    .returning();
  return row!;
}

/** A known atom. */
export async function anAtom(
  db: Executor,
  title: string,
  content: string,
  given: Partial<typeof atoms.$inferInsert> = {},
): Promise<Atom> {
  const [row] = await db
    .insert(atoms)
    .values({ title, content, ...hashesOf("atom", title, content), createdAt: CREATED, ...given })
    .returning();
  return row!;
}

/** An extraction that has ended. @returns its id */
export async function anExtraction(db: Executor, id: string = crypto.randomUUID()): Promise<string> {
  const times = { createdAt: CREATED, finishedAt: CREATED };
  await db.insert(extractionRuns).values({ id, state: "extracted", requestedBy: "a test", ...times });
  return id;
}

/** A pending proposal of a topic with a confidence of 97 %, that no scan has compared, by default. */
export async function aTopicProposal(
  db: Executor,
  name: string,
  given: Partial<typeof topicProposals.$inferInsert> = {},
): Promise<TopicProposal> {
  const hashes = hashesOf("topic", name, given.proposedDescription ?? "");
  const [row] = await db
    .insert(topicProposals)
    .values({
      extractionRunId: given.extractionRunId ?? (await anExtraction(db)),
      confidence: 0.97,
      proposedName: name,
      ...hashes,
      createdAt: CREATED,
      ...given,
    })
    .returning();
  return row!;
}

/** The same of an atom. */
export async function anAtomProposal(
  db: Executor,
  title: string,
  content: string,
  given: Partial<typeof atomProposals.$inferInsert> = {},
): Promise<AtomProposal> {
  const [row] = await db
    .insert(atomProposals)
    .values({
      extractionRunId: given.extractionRunId ?? (await anExtraction(db)),
      confidence: 0.97,
      proposedTitle: title,
      proposedContent: content,
      ...hashesOf("atom", title, content),
      createdAt: CREATED,
      ...given,
    })
    .returning();
  return row!;
}

/** The model of the embedder that the settings choose by default. */
export function localModel(EMBEDDINGS_DIMENSIONS = 384): string {
  return localEmbedder(EMBEDDINGS_DIMENSIONS).model;
}

/**
 * Decides the vectors of names of topics: each has an angle in degrees, and the similarity of two is the cosine of
 * their difference. The embedder is not called for them.
 */
export async function embedNames(
  db: Executor,
  model: string,
  angles: Readonly<Record<string, number>>,
  dimensions = 384,
): Promise<void> {
  const rows = Object.entries(angles).map(([name, degrees]) => {
    const vector = new Float32Array(dimensions);
    vector[0] = Math.cos((degrees * Math.PI) / 180);
    vector[1] = Math.sin((degrees * Math.PI) / 180);
    return { contentHash: hashesOf("topic", name, "").contentHash, vector };
  });
  await cacheVectors(db, model, rows);
}
