import { and, desc, eq, inArray } from "drizzle-orm";
import type { Tx } from "../client.ts";
import { type AtomProposal, atomProposals, type TopicProposal, topicProposals, topics } from "./knowledge-schema.ts";

/** What both kinds of new proposals have. */
type Added<Proposal extends TopicProposal | AtomProposal> = Pick<
  Proposal,
  "extractionRunId" | "messageId" | "confidence" | "exactKey" | "contentHash" | "createdAt"
>;
export type NewTopicProposal = Added<TopicProposal> & Pick<TopicProposal, "proposedName" | "proposedDescription">;
export type NewAtomProposal = Added<AtomProposal> &
  Pick<AtomProposal, "proposedTitle" | "proposedContent" | "topicId" | "topicProposalId">;

/** Where an atom belongs: to a topic, or to the proposal of one. */
export type TopicOfAtom = Pick<AtomProposal, "topicId" | "topicProposalId">;

/** Proposals of one statement: a statement has at most 65,535 parameters. */
const BATCH = 1_000;

/** The topics with these exact keys, else their pending proposals, by the key in hexadecimal digits. */
export async function knownTopics(tx: Tx, exactKeys: readonly Buffer[]): Promise<Map<string, TopicOfAtom>> {
  if (exactKeys.length === 0) return new Map();
  const pending = await tx
    .select({ key: topicProposals.exactKey, id: topicProposals.id })
    .from(topicProposals)
    .where(and(inArray(topicProposals.exactKey, [...exactKeys]), eq(topicProposals.status, "pending")))
    .orderBy(desc(topicProposals.id));
  const existing = await tx
    .select({ key: topics.exactKey, id: topics.id })
    .from(topics)
    .where(inArray(topics.exactKey, [...exactKeys]))
    .orderBy(desc(topics.id));
  // The later entry of a key wins: the oldest row, and a topic before a proposal.
  return new Map<string, TopicOfAtom>([
    ...pending.map(({ key, id }) => [key.toString("hex"), { topicId: null, topicProposalId: id }] as const),
    ...existing.map(({ key, id }) => [key.toString("hex"), { topicId: id, topicProposalId: null }] as const),
  ]);
}

/** @returns the ids, by exact key in hexadecimal digits */
export async function insertTopicProposals(
  tx: Tx,
  proposals: readonly NewTopicProposal[],
): Promise<Map<string, TopicOfAtom>> {
  const added = new Map<string, TopicOfAtom>();
  for (const batch of inBatches(proposals)) {
    const rows = await tx
      .insert(topicProposals)
      .values(batch)
      .returning({ key: topicProposals.exactKey, id: topicProposals.id });
    for (const { key, id } of rows) added.set(key.toString("hex"), { topicId: null, topicProposalId: id });
  }
  return added;
}

export async function insertAtomProposals(tx: Tx, proposals: readonly NewAtomProposal[]): Promise<void> {
  for (const batch of inBatches(proposals)) await tx.insert(atomProposals).values(batch);
}

function inBatches<Row>(rows: readonly Row[]): Row[][] {
  return Array.from({ length: Math.ceil(rows.length / BATCH) }, (_, i) => rows.slice(i * BATCH, (i + 1) * BATCH));
}
