import type { Tx } from "#data/client.ts";
import { markExtracted } from "#data/knowledge/messages.ts";
import {
  insertAtomProposals,
  insertTopicProposals,
  knownTopics,
  type NewAtomProposal,
  type NewTopicProposal,
} from "#data/knowledge/new-proposals.ts";
import type { AtomFinding, Findings, TopicFinding } from "#rules/knowledge/findings.ts";
import { atomTexts, contentHash, exactKey, topicTexts } from "#rules/knowledge/proposal-text.ts";

/** What was found in a stored message. */
export interface MessageFindings extends Findings {
  readonly messageId: string;
}

/**
 * Adds the findings of messages as proposals, and marks the messages as extracted. Findings of a message that another
 * transaction has extracted are left out, so a repeat adds nothing.
 *
 * The name of a topic refers to it: a topic that exists, or waits for its review, is not proposed again. Its atoms
 * belong to it. Atoms are always proposed: the deduplication scan flags those that are known.
 */
export async function addFindings(
  tx: Tx,
  extractionRunId: string,
  found: readonly MessageFindings[],
  now: Date,
): Promise<void> {
  const unread = await markExtracted(
    tx,
    found.map(({ messageId }) => messageId),
    now,
  );
  const fresh = found.filter(({ messageId }) => unread.has(messageId));
  const common = { extractionRunId, createdAt: now };

  const named = fresh.flatMap(({ messageId, topics }) => topics.map((topic) => topicRow(topic, messageId)));
  const atoms = fresh.flatMap(({ messageId, atoms }) => atoms.map((atom) => atomRow(atom, messageId)));
  const keys = new Map(
    [...named.map((row) => row.exactKey), ...atoms.flatMap(({ topicKey }) => topicKey ?? [])].map((key) => [
      key.toString("hex"),
      key,
    ]),
  );
  const known = await knownTopics(tx, [...keys.values()]);
  const added = await insertTopicProposals(
    tx,
    firstOfEach(named, (row) => row.exactKey)
      .filter((row) => !known.has(row.exactKey.toString("hex")))
      .map((row) => ({ ...row, ...common })),
  );
  const topics = new Map([...known, ...added]);
  const topicOf = (key: Buffer | null) =>
    (key && topics.get(key.toString("hex"))) ?? { topicId: null, topicProposalId: null };
  await insertAtomProposals(
    tx,
    firstOfEach(atoms, ({ row }) => row.exactKey).map(({ row, topicKey }) => ({
      ...row,
      ...common,
      ...topicOf(topicKey),
    })),
  );
}

type Row<Proposal> = Omit<Proposal, "extractionRunId" | "createdAt">;

function topicRow({ name, description, confidence }: TopicFinding, messageId: string): Row<NewTopicProposal> {
  const { embedded, exact } = topicTexts(name, description);
  return {
    messageId,
    confidence,
    exactKey: exactKey(exact),
    contentHash: contentHash(embedded),
    proposedName: name,
    proposedDescription: description,
  };
}

function atomRow({ title, content, topic, confidence }: AtomFinding, messageId: string) {
  const { embedded, exact } = atomTexts(title, content);
  const row: Omit<Row<NewAtomProposal>, "topicId" | "topicProposalId"> = {
    messageId,
    confidence,
    exactKey: exactKey(exact),
    contentHash: contentHash(embedded),
    proposedTitle: title,
    proposedContent: content,
  };
  return { row, topicKey: topic === null ? null : exactKey(topicTexts(topic, "").exact) };
}

/** The first row of each key: a request that repeats a finding proposes it once. */
function firstOfEach<R>(rows: readonly R[], keyOf: (row: R) => Buffer): R[] {
  const first = new Map<string, R>();
  for (const row of rows) {
    const key = keyOf(row).toString("hex");
    if (!first.has(key)) first.set(key, row);
  }
  return [...first.values()];
}
