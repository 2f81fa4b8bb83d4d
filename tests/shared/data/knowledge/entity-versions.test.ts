import { eq, sql } from "drizzle-orm";
import { afterEach, describe, expect, it } from "vitest";
import {
  atomProposals,
  atoms,
  entitySets,
  extractionRuns,
  type KnowledgeKind,
  topicProposals,
  topics,
} from "#data/knowledge/knowledge-schema.ts";
import { atomTexts, contentHash, exactKey, topicTexts } from "#rules/knowledge/proposal-text.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { lockWait } from "#support/lock-wait.ts";

const NOW = new Date("2026-06-01T12:00:00Z");
const COMPARED = { comparedModel: "m", dedupScannedAt: NOW } as const;
const APPROVED = { status: "approved", reviewedAt: NOW, reviewedByUserId: 1 } as const;

const { db } = await openDatabase();
afterEach(async () => {
  await emptyTables(db, ["knowledge.topics", "knowledge.atoms", "knowledge.extraction_runs"]);
});

async function addTopic(name: string) {
  const { embedded, exact } = topicTexts(name, "");
  const [topic] = await db
    .insert(topics)
    .values({ name, exactKey: exactKey(exact), contentHash: contentHash(embedded), createdAt: NOW })
    .returning();
  return topic!;
}

async function addProposal(name: string) {
  const id = crypto.randomUUID();
  await db.insert(extractionRuns).values({ id, requestedBy: "a test", createdAt: NOW });
  const { embedded, exact } = topicTexts(name, "");
  const [proposal] = await db
    .insert(topicProposals)
    .values({
      extractionRunId: id,
      confidence: 0.97,
      proposedName: name,
      exactKey: exactKey(exact),
      contentHash: contentHash(embedded),
      createdAt: NOW,
    })
    .returning();
  return proposal!;
}

async function versionOf(kind: KnowledgeKind): Promise<number> {
  const [set] = await db.select().from(entitySets).where(eq(entitySets.kind, kind));
  return set!.version;
}

const change = (id: number, values: Partial<typeof topicProposals.$inferInsert>) =>
  db.update(topicProposals).set(values).where(eq(topicProposals.id, id)).returning();

describe("an approval", () => {
  it("is accepted when the new entity follows the compared version", async () => {
    const proposal = await addProposal("Backups");
    const comparedVersion = await versionOf("topic");
    const { id: topicId } = await addTopic("Backups");
    const [approved] = await change(proposal.id, { ...APPROVED, ...COMPARED, comparedVersion, topicId });
    expect(approved).toMatchObject({ status: "approved", approvedVersion: comparedVersion + 1 });
  });

  it("is refused when another entity was added after the comparison", async () => {
    const proposal = await addProposal("Backups");
    const comparedVersion = await versionOf("topic");
    await addTopic("Restores");
    const { id: topicId } = await addTopic("Backups");
    const approval = change(proposal.id, { ...APPROVED, ...COMPARED, comparedVersion, topicId });
    await expect(approval).rejects.toMatchObject({
      cause: { constraint_name: "topic_proposals_compared_before_approved" },
    });
  });

  it("is refused without a comparison", async () => {
    const proposal = await addProposal("Backups");
    const { id: topicId } = await addTopic("Backups");
    await expect(change(proposal.id, { ...APPROVED, topicId })).rejects.toMatchObject({
      cause: { constraint_name: "topic_proposals_approved" },
    });
  });
});

describe("the version of a set", () => {
  it("is taken by each statement, also by a change of a text, and by each kind alone", async () => {
    const [topicVersion, atomVersion] = [await versionOf("topic"), await versionOf("atom")];
    const topic = await addTopic("Backups");
    expect(topic).toMatchObject({ createdVersion: topicVersion + 1, version: topicVersion + 1 });
    const [renamed] = await db.update(topics).set({ name: "Saved copies" }).where(eq(topics.id, topic.id)).returning();
    expect(renamed).toMatchObject({ createdVersion: topicVersion + 1, version: topicVersion + 2 });
    expect(await versionOf("atom")).toBe(atomVersion);
  });

  it("is committed in order: a second writer waits for the first one", async () => {
    const before = await versionOf("topic");
    const { promise: isFirst, resolve: firstWrote } = Promise.withResolvers<void>();
    const { promise: mayCommit, resolve: commit } = Promise.withResolvers<void>();
    const insert = (name: string) => ({
      name,
      exactKey: exactKey(name),
      contentHash: contentHash(name),
      createdAt: NOW,
    });
    const first = db.transaction(async (tx) => {
      await tx.insert(topics).values(insert("first"));
      firstWrote();
      await mayCommit;
    });
    await isFirst;
    let isSecondDone = false;
    const second = addTopic("second").then((topic) => {
      isSecondDone = true;
      return topic;
    });
    await lockWait(db, "%topics%");
    expect(isSecondDone).toBe(false);
    expect(await versionOf("topic")).toBe(before);
    commit();
    await first;
    expect((await second).version).toBe(before + 2);
  });

  it("is one for all rows of a statement, so that a large import does not slow down", async () => {
    const before = await versionOf("atom");
    await db.execute(sql`
      insert into knowledge.atoms (title, content, exact_key, content_hash, created_at)
      select 'a', 'c' || n, sha256(n::text::bytea), sha256(n::text::bytea), now() from generate_series(1, 20000) n`);
    const rows = await db.selectDistinct({ version: atoms.version, created: atoms.createdVersion }).from(atoms);
    expect(rows).toEqual([{ version: before + 1, created: before + 1 }]);
  });
});

describe("a proposal", () => {
  it("is compared again after its similar entity was deleted, and keeps its record when it is decided", async () => {
    const topic = await addTopic("Backups");
    const flag = { similarTopicId: topic.id, similarityScore: 0.9, similarityType: "semantic" } as const;
    const [open, closed] = [await addProposal("A backup"), await addProposal("Backup")];
    await change(open.id, { ...flag, ...COMPARED, comparedVersion: 1 });
    await change(closed.id, { ...flag, ...COMPARED, comparedVersion: 1, status: "rejected", reviewedAt: NOW });
    await db.delete(topics).where(eq(topics.id, topic.id));
    const rows = await db.select().from(topicProposals).orderBy(topicProposals.id);
    expect(rows).toMatchObject([
      { similarTopicId: null, similarityType: null, comparedVersion: null, dedupScannedAt: null },
      { similarTopicId: null, similarityType: "semantic", comparedVersion: 1 },
    ]);
  });

  it("has a new revision when what a person sees has changed, not when it was compared", async () => {
    const { id, revision } = await addProposal("Backups");
    expect(revision).toBe(1);
    expect((await change(id, { ...COMPARED, comparedVersion: 4 }))[0]!.revision).toBe(1);
    expect((await change(id, { status: "rejected", reviewedAt: NOW }))[0]!.revision).toBe(2);
  });

  it.each([-0.1, 1.0000001, NaN])("has no confidence of %d", async (confidence) => {
    const { id } = await addProposal("Backups");
    await expect(change(id, { confidence })).rejects.toMatchObject({
      cause: { constraint_name: "topic_proposals_confidence" },
    });
  });
});

it("an atom follows the same rule", async () => {
  const { embedded, exact } = atomTexts("When", "At two.");
  const keys = { exactKey: exactKey(exact), contentHash: contentHash(embedded), createdAt: NOW };
  const id = crypto.randomUUID();
  await db.insert(extractionRuns).values({ id, requestedBy: "a test", createdAt: NOW });
  const proposed = { extractionRunId: id, confidence: 1, proposedTitle: "When", proposedContent: "At two.", ...keys };
  const [proposal] = await db.insert(atomProposals).values(proposed).returning();
  const comparedVersion = await versionOf("atom");
  const add = () =>
    db
      .insert(atoms)
      .values({ title: "When", content: "At two.", ...keys })
      .returning();
  const approve = (atomId: number) =>
    db
      .update(atomProposals)
      .set({ ...APPROVED, ...COMPARED, comparedVersion, atomId })
      .where(eq(atomProposals.id, proposal!.id));
  const [followed, missed] = [(await add())[0]!, (await add())[0]!];
  await expect(approve(missed.id)).rejects.toMatchObject({
    cause: { constraint_name: "atom_proposals_compared_before_approved" },
  });
  await approve(followed.id);
});
