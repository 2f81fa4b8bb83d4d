import { eq, sql } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Db, Tx } from "#data/client.ts";
import { entitySetVersion, lockEntitySet } from "#data/knowledge/entity-sets.ts";
import {
  atomProposals,
  atoms,
  auditTrail,
  type KnowledgeKind,
  topicProposals,
  topics,
} from "#data/knowledge/knowledge-schema.ts";
import { items } from "#data/vectors/vectors-schema.ts";
import { type Approval, approveProposal } from "#services/knowledge/approve-proposal.ts";
import { lockForDecision, undoDecision } from "#services/knowledge/decide-proposal.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { anAtom, anAtomProposal, aTopic, aTopicProposal, embedNames, hashesOf } from "#support/knowledge.ts";
import { lockWait } from "#support/lock-wait.ts";
import { startProgram } from "#support/program.ts";

const NOW = new Date("2026-06-01T12:00:00Z");
const MODEL = "test/384";

const { url, db } = await openDatabase();
beforeEach(() => embedNames(db, MODEL, { Backups: 0, Restores: 90, "Saved copies": 20, "Copies on tape": 40 }));
afterEach(async () => {
  await emptyTables(db, [
    "knowledge.topics",
    "knowledge.atoms",
    "knowledge.extraction_runs",
    "knowledge.audit_trail",
    "vectors.cached_embeddings",
    "vectors.items",
  ]);
});

const approval = (id: number, given: Partial<Approval> = {}): Approval => ({
  kind: "topic",
  id,
  reviewer: { userId: 1, by: null, who: "auto_review_proposals" },
  notes: "Auto-approved: confidence 97.00%",
  at: NOW,
  model: MODEL,
  threshold: 0.85,
  ...given,
});
const approve = (id: number, given: Partial<Approval> = {}) =>
  db.transaction((tx) => approveProposal(tx, approval(id, given)));

/** What a scan that found nothing records. */
async function compared(kind: KnowledgeKind, model = MODEL) {
  const comparedVersion = await entitySetVersion(db, kind);
  return { comparedVersion, comparedModel: model, comparedThreshold: 0.85, dedupScannedAt: NOW };
}
const scanned = async (name: string, given: Partial<typeof topicProposals.$inferInsert> = {}) =>
  aTopicProposal(db, name, { ...(await compared("topic")), ...given });
const proposalOf = async (id: number) => (await db.select().from(topicProposals).where(eq(topicProposals.id, id)))[0]!;

/** A transaction that stays open until `commit` is called. */
async function openTransaction<T>(work: (tx: Tx) => Promise<T>, on: Db = db) {
  const done = Promise.withResolvers<T>();
  const mayEnd = Promise.withResolvers<void>();
  const ended = on.transaction(async (tx) => {
    done.resolve(await work(tx));
    await mayEnd.promise;
  });
  ended.catch(done.reject);
  const result = await done.promise;
  return {
    result,
    commit: async () => {
      mayEnd.resolve();
      await ended;
    },
    rollBack: async () => {
      mayEnd.reject(new Error("rolled back"));
      await expect(ended).rejects.toThrow("rolled back");
    },
  };
}

describe("a proposal that was compared", () => {
  it("becomes an entity with its vector and its audit entry", async () => {
    const { id, extractionRunId } = await scanned("Backups", { proposedDescription: "" });
    const outcome = await approve(id);
    const [topic] = await db.select().from(topics);
    expect(outcome).toEqual({ outcome: "approved", entityId: topic!.id, title: "Backups", confidence: 0.97 });
    expect(topic).toMatchObject({ name: "Backups", ...hashesOf("topic", "Backups", ""), createdAt: NOW });
    expect(await proposalOf(id)).toMatchObject({
      extractionRunId,
      status: "approved",
      topicId: topic!.id,
      reviewedByUserId: 1,
      reviewedBy: null,
      reviewedAt: NOW,
      reviewNotes: "Auto-approved: confidence 97.00%",
    });
    expect(await db.select().from(items)).toMatchObject([
      { kind: "topic", model: MODEL, id: topic!.id, contentHash: topic!.contentHash },
    ]);
    expect(await db.select().from(auditTrail)).toMatchObject([
      {
        who: "auto_review_proposals",
        action: "approved",
        subjectType: "topic_proposal",
        subjectId: String(id),
        at: NOW,
      },
    ]);
  });

  it("is approved when the newer entities are less similar than the threshold", async () => {
    const { id } = await scanned("Backups");
    await aTopic(db, "Restores");
    expect(await approve(id)).toMatchObject({ outcome: "approved" });
  });

  it("is flagged when a newer entity has the same text, in other letters and without a vector", async () => {
    const { id } = await scanned("Backups");
    const { id: topicId } = await aTopic(db, "BACKUPS.");
    expect(await approve(id)).toEqual({ outcome: "twin", entityId: topicId, score: 1, title: "Backups" });
    expect(await proposalOf(id)).toMatchObject({
      status: "pending",
      similarTopicId: topicId,
      similarityScore: 1,
      similarityType: "pending_twin",
    });
    expect(await db.select().from(auditTrail)).toEqual([]);
  });

  it("is flagged as similar to the most similar of the newer entities", async () => {
    const { id } = await scanned("Backups");
    await aTopic(db, "Restores");
    const { id: topicId } = await aTopic(db, "Saved copies");
    expect(await approve(id)).toMatchObject({ outcome: "twin", entityId: topicId, score: 0.939693 });
  });

  it("is flagged at exactly the threshold, and approved just below it", async () => {
    const { id } = await scanned("Backups");
    await aTopic(db, "Saved copies");
    expect(await approve(id, { threshold: 0.939694 })).toMatchObject({ outcome: "approved" });
    const other = await scanned("Backups", { comparedVersion: (await entitySetVersion(db, "topic")) - 2 });
    await db.delete(topicProposals).where(eq(topicProposals.id, id));
    await db.delete(topics).where(eq(topics.name, "Backups"));
    expect(await approve(other.id, { threshold: 0.939693 })).toMatchObject({ outcome: "twin" });
  });

  it("waits for a newer entity that has no vector yet", async () => {
    const { id } = await scanned("Backups");
    await aTopic(db, "Without a vector");
    expect(await approve(id)).toEqual({ outcome: "not_compared" });
    expect(await proposalOf(id)).toMatchObject({ status: "pending", ...(await scannedBefore(1)) });
  });

  it("waits when more entities are newer than an approval compares", async () => {
    const { id } = await scanned("Backups");
    await db.execute(sql`
      insert into knowledge.topics (name, exact_key, content_hash, created_at)
      select 'Topic ' || n, sha256(n::text::bytea), ${hashesOf("topic", "Restores", "").contentHash}, now()
        from generate_series(1, 2001) n`);
    expect(await approve(id)).toEqual({ outcome: "not_compared" });
    await db.execute(sql`delete from knowledge.topics where name = 'Topic 1'`);
    expect(await approve(id)).toMatchObject({ outcome: "approved" });
  });

  it("is compared again when its own vector is no longer cached", async () => {
    const { id } = await scanned("Backups");
    await emptyTables(db, ["vectors.cached_embeddings"]);
    expect(await approve(id)).toEqual({ outcome: "not_compared" });
    expect(await proposalOf(id)).toMatchObject({ comparedVersion: null, comparedModel: null, dedupScannedAt: null });
  });
});

/** The comparison of a proposal whose scan was `versions` ago. */
async function scannedBefore(versions: number) {
  return { comparedVersion: (await entitySetVersion(db, "topic")) - versions };
}

describe("a proposal is not approved", () => {
  it.each([
    {
      why: "before a scan has compared it",
      given: { comparedVersion: null, comparedModel: null, dedupScannedAt: null },
    },
    { why: "when another model compared it", given: { comparedModel: "other/384" } },
    { why: "when it was compared down to a higher similarity", given: { comparedThreshold: 0.9 } },
    { why: "when its lowest similarity is unknown", given: { comparedThreshold: null } },
  ])("$why", async ({ given }) => {
    const { id } = await scanned("Backups", given);
    expect(await approve(id)).toEqual({ outcome: "not_compared" });
    expect(await db.select().from(topics)).toEqual([]);
  });

  it("when it was decided already, or does not exist", async () => {
    const { id } = await scanned("Backups", { status: "rejected", reviewedAt: NOW });
    expect(await approve(id)).toEqual({ outcome: "not_pending" });
    expect(await approve(id + 1)).toEqual({ outcome: "not_pending" });
  });

  it("when a scan has flagged it", async () => {
    const { id: similarTopicId } = await aTopic(db, "Saved copies");
    const flag = { similarTopicId, similarityScore: 0.9, similarityType: "semantic" } as const;
    const { id } = await scanned("Backups", flag);
    expect(await approve(id)).toEqual({ outcome: "twin", entityId: similarTopicId, score: 0.9, title: "Backups" });
  });
});

describe("a person who accepts a similar entity", () => {
  const accepting = { acceptSimilar: true, reviewer: { userId: null, by: "ann", who: "ann" }, notes: "Another thing" };

  it("approves a flagged proposal, which keeps its flag as the record", async () => {
    const { id: similarTopicId } = await aTopic(db, "Saved copies");
    const flag = { similarTopicId, similarityScore: 0.9, similarityType: "semantic" } as const;
    const { id } = await scanned("Backups", flag);
    expect(await approve(id, accepting)).toMatchObject({ outcome: "approved" });
    expect(await proposalOf(id)).toMatchObject({
      status: "approved",
      reviewedBy: "ann",
      reviewNotes: "Another thing",
      ...flag,
    });
  });

  it("approves a proposal that no scan has compared, which is recorded", async () => {
    await aTopic(db, "Without a vector");
    const { id } = await aTopicProposal(db, "Backups");
    expect(await approve(id, accepting)).toMatchObject({ outcome: "approved" });
    expect(await proposalOf(id)).toMatchObject({
      status: "approved",
      comparedModel: "exact text",
      dedupScannedAt: NOW,
    });
  });

  it("is stopped by another entity that is newer, and approves after having seen that one", async () => {
    const { id: similarTopicId } = await aTopic(db, "Copies on tape");
    const flag = { similarTopicId, similarityScore: 0.9, similarityType: "semantic" } as const;
    const { id } = await scanned("Backups", flag);
    const { id: newer } = await aTopic(db, "Saved copies");
    expect(await approve(id, accepting)).toMatchObject({ outcome: "twin", entityId: newer });
    expect(await approve(id, accepting)).toMatchObject({ outcome: "approved" });
  });
});

describe("twins", () => {
  it("of one batch: the first is approved, the second is flagged, however they are interleaved", async () => {
    const [first, second] = [await scanned("Backups"), await scanned("Saved copies")];
    const held = await openTransaction((tx) => approveProposal(tx, approval(first.id)));
    const waiting = approve(second.id);
    await lockWait(db, "%entity_sets%");
    await held.commit();
    expect(held.result).toMatchObject({ outcome: "approved" });
    const [topic] = await db.select().from(topics);
    expect(await waiting).toMatchObject({ outcome: "twin", entityId: topic!.id, score: 0.939693 });
    expect(await db.select().from(topics)).toHaveLength(1);
  });

  it("the second is approved when the first one rolls back", async () => {
    const [first, second] = [await scanned("Backups"), await scanned("Saved copies")];
    const held = await openTransaction((tx) => approveProposal(tx, approval(first.id)));
    const waiting = approve(second.id);
    await lockWait(db, "%entity_sets%");
    await held.rollBack();
    expect(await waiting).toMatchObject({ outcome: "approved" });
    expect(await db.select({ name: topics.name }).from(topics)).toEqual([{ name: "Saved copies" }]);
  });
});

it.each([
  ["the topic", "knowledge.topics"],
  ["its vector", "vectors.items"],
  ["the audit entry", "knowledge.audit_trail"],
])("an approval whose process is killed before %s is written leaves nothing, and can be repeated", async (_, table) => {
  const { id } = await scanned("Backups");
  const held = await openTransaction((tx) => tx.execute(sql.raw(`lock table ${table} in share mode`)));
  const child = startProgram(new URL("./approve-proposal.child.ts", import.meta.url), [
    url,
    JSON.stringify(approval(id)),
  ]);
  await lockWait(db, `%insert into%${table.split(".")[1]!}%`);
  await child.kill();
  await held.commit();
  // The lock of the set is free when PostgreSQL has rolled the transaction back.
  await db.transaction((tx) => lockEntitySet(tx, "topic"));
  expect(await proposalOf(id)).toMatchObject({ status: "pending", topicId: null, reviewedAt: null });
  for (const rows of [topics, items, auditTrail]) expect(await db.select().from(rows)).toEqual([]);
  expect(await approve(id)).toMatchObject({ outcome: "approved" });
  expect(await db.select().from(auditTrail)).toHaveLength(1);
});

describe("between the scan and the approval", () => {
  it("an entity that is renamed to the same text is a twin", async () => {
    const topic = await aTopic(db, "Restores");
    const { id } = await scanned("Backups");
    await db
      .update(topics)
      .set({ name: "Backups", ...hashesOf("topic", "Backups", "") })
      .where(eq(topics.id, topic.id));
    expect(await approve(id)).toMatchObject({ outcome: "twin", entityId: topic.id });
  });

  it("a rename that is not committed yet is waited for", async () => {
    const topic = await aTopic(db, "Restores");
    const { id } = await scanned("Backups");
    const rename = await openTransaction((tx) =>
      tx.update(topics).set({ name: "Saved copies", ...hashesOf("topic", "Saved copies", "") }),
    );
    const waiting = approve(id);
    await lockWait(db, "%entity_sets%");
    await rename.commit();
    expect(await waiting).toMatchObject({ outcome: "twin", entityId: topic.id });
  });

  it("a twin that was added and deleted again does not matter", async () => {
    const { id } = await scanned("Backups");
    await aTopic(db, "Saved copies");
    await db.delete(topics);
    expect(await approve(id)).toMatchObject({ outcome: "approved" });
  });

  it("a twin that is being deleted is waited for, and then does not matter", async () => {
    const { id } = await scanned("Backups");
    const twin = await aTopic(db, "Saved copies");
    const deletion = await openTransaction((tx) => tx.delete(topics).where(eq(topics.id, twin.id)));
    const waiting = approve(id);
    await lockWait(db, "%for key share%");
    await deletion.commit();
    expect(await waiting).toMatchObject({ outcome: "approved" });
  });

  it("a person's rejection that is not committed yet is waited for, and holds", async () => {
    const { id } = await scanned("Backups");
    const rejection = await openTransaction((tx) =>
      tx.update(topicProposals).set({ status: "rejected", reviewedAt: NOW }).where(eq(topicProposals.id, id)),
    );
    const waiting = approve(id);
    await lockWait(db, "%topic_proposals%");
    await rejection.commit();
    expect(await waiting).toEqual({ outcome: "not_pending" });
    expect(await db.select().from(topics)).toEqual([]);
  });
});

describe("an atom", () => {
  const CONTENT = "At two in the morning.";
  beforeEach(() => embedAtoms());
  async function embedAtoms() {
    const { contentHash } = hashesOf("atom", "When", CONTENT);
    await db.execute(sql`
      insert into vectors.cached_embeddings (model, content_hash, vector, used_at)
      select ${MODEL}, ${contentHash}, vector, now() from vectors.cached_embeddings limit 1 on conflict do nothing`);
  }
  const scannedAtom = async (given: Partial<typeof atomProposals.$inferInsert> = {}) =>
    anAtomProposal(db, "When", CONTENT, { ...(await compared("atom")), ...given });
  const approveAtom = (id: number) => approve(id, { kind: "atom" });
  const theAtom = async () => (await db.select().from(atoms))[0]!;

  it("has the topic of its proposal", async () => {
    const topic = await aTopic(db, "Backups");
    await approveAtom((await scannedAtom({ topicId: topic.id })).id);
    expect(await theAtom()).toMatchObject({
      title: "When",
      content: CONTENT,
      topicId: topic.id,
      topicProposalId: null,
    });
  });

  it("has the topic that came of its topic proposal", async () => {
    const topicProposal = await scanned("Backups");
    await approve(topicProposal.id);
    await approveAtom((await scannedAtom({ topicProposalId: topicProposal.id })).id);
    const [topic] = await db.select().from(topics);
    expect(await theAtom()).toMatchObject({ topicId: topic!.id, topicProposalId: null });
  });

  it("waits for its topic proposal, and gets the topic when that is approved", async () => {
    const topicProposal = await scanned("Backups");
    await approveAtom((await scannedAtom({ topicProposalId: topicProposal.id })).id);
    expect(await theAtom()).toMatchObject({ topicId: null, topicProposalId: topicProposal.id });
    await approve(topicProposal.id);
    const [topic] = await db.select().from(topics);
    expect(await theAtom()).toMatchObject({ topicId: topic!.id, topicProposalId: null });
  });

  it("gets the topic that is approved at the same time, whichever commits first", async () => {
    const first = await scanned("Backups");
    const early = await scannedAtom({ topicProposalId: first.id });
    const held = await openTransaction((tx) => approveProposal(tx, approval(early.id, { kind: "atom" })));
    const topicWaits = approve(first.id);
    await lockWait(db, "%topic_proposals%");
    await held.commit();
    expect(await topicWaits).toMatchObject({ outcome: "approved" });
    expect((await theAtom()).topicId).not.toBeNull();

    await emptyTables(db, ["knowledge.topics", "knowledge.atoms", "knowledge.extraction_runs"]);
    const second = await scanned("Restores");
    const late = await scannedAtom({ topicProposalId: second.id });
    const topicHeld = await openTransaction((tx) => approveProposal(tx, approval(second.id)));
    const atomWaits = approveAtom(late.id);
    await lockWait(db, "%for share%");
    await topicHeld.commit();
    expect(await atomWaits).toMatchObject({ outcome: "approved" });
    expect((await theAtom()).topicId).not.toBeNull();
  });

  it("has no topic when the approval of that topic is undone at the same time, whichever commits first", async () => {
    const undo = async (tx: Tx, { id, entityId }: { id: number; entityId: number }) => {
      await lockForDecision(tx, "topic", id);
      const decision = { kind: "topic", id, by: "ann", reason: "a mistake", at: NOW } as const;
      return undoDecision(tx, decision, { status: "approved", entityId });
    };
    const approvedTopic = async (name: string) => {
      const { id } = await scanned(name);
      const { entityId } = (await approve(id)) as { entityId: number };
      return { id, entityId };
    };
    const first = await approvedTopic("Backups");
    const early = await scannedAtom({ topicProposalId: first.id });
    const held = await openTransaction((tx) => approveProposal(tx, approval(early.id, { kind: "atom" })));
    const undoWaits = db.transaction((tx) => undo(tx, first));
    await lockWait(db, "%topic_proposals%");
    await held.commit();
    expect(await undoWaits).toEqual({ outcome: "undone" });
    expect(await theAtom()).toMatchObject({ topicId: null, topicProposalId: first.id });

    await db.execute(sql`truncate knowledge.topics, knowledge.atoms, knowledge.extraction_runs cascade`);
    const second = await approvedTopic("Restores");
    const late = await scannedAtom({ topicProposalId: second.id });
    const undoHeld = await openTransaction((tx) => undo(tx, second));
    const atomWaits = approveAtom(late.id);
    await lockWait(db, "%for share%");
    await undoHeld.commit();
    expect(await atomWaits).toMatchObject({ outcome: "approved" });
    expect(await theAtom()).toMatchObject({ topicId: null, topicProposalId: second.id });
    expect(await db.select().from(topics)).toEqual([]);
  });

  it("is a twin of an atom with the same content under another title", async () => {
    const { id } = await scannedAtom();
    const twin = await anAtom(db, "Backup time", "at two in the MORNING");
    expect(await approveAtom(id)).toMatchObject({ outcome: "twin", entityId: twin.id, score: 1 });
  });
});
