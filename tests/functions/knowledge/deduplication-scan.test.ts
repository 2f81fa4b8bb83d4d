import { asc, eq, sql } from "drizzle-orm";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { entitySetVersion } from "#data/knowledge/entity-sets.ts";
import { atomProposals, topicProposals, topics } from "#data/knowledge/knowledge-schema.ts";
import { statementChannel } from "#data/statement-diagnostics.ts";
import { cachedEmbeddings, items } from "#data/vectors/vectors-schema.ts";
import { deduplicationScan } from "#functions/knowledge/deduplication-scan.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import {
  anAtom,
  anAtomProposal,
  aTopic,
  aTopicProposal,
  embedNames,
  hashesOf,
  localModel,
} from "#support/knowledge.ts";
import { startProcess } from "#support/test-process.ts";
import { embeddings, startEmbeddingServer } from "../../shared/providers/embeddings/embedding-server.ts";

const NOW = new Date("2026-06-01T12:00:00Z");
const NOTHING = { proposals_scanned: 0, duplicates_found: 0, embeddings_generated: 0, errors: 0 };

const { url, db } = await openDatabase();
afterEach(async () => {
  await emptyTables(db, [
    "knowledge.topics",
    "knowledge.atoms",
    "knowledge.extraction_runs",
    "vectors.cached_embeddings",
    "vectors.items",
    "platform.job_runs",
  ]);
  await db.execute(sql`update knowledge.entity_sets set embedded_version = 0, embedded_model = null`);
});

async function scan(env: Record<string, string> = {}) {
  const app = startProcess(url, [deduplicationScan], { db, env });
  app.clock.moveTo(NOW);
  const { id } = await app.enqueuer.enqueue(deduplicationScan, { input: {}, trigger: "manual", requestedBy: "a test" });
  const run = (await app.runner.execute(id))!;
  expect(run.errors.map(({ message }) => message)).toEqual([]);
  return { run, result: run.result, events: app.observed.events, log: app.log };
}

const proposalOf = async (id: number) => (await db.select().from(topicProposals).where(eq(topicProposals.id, id)))[0]!;
const flagOf = async (id: number) => {
  const { similarTopicId, similarityScore, similarityType } = await proposalOf(id);
  return [similarTopicId, similarityScore, similarityType];
};

it("does nothing without proposals, and embeds what is known", async () => {
  expect((await scan()).result).toEqual(NOTHING);
  await aTopic(db, "Backups");
  await anAtom(db, "When", "At two.");
  expect((await scan()).result).toEqual({ ...NOTHING, embeddings_generated: 2 });
  expect(await db.select({ kind: items.kind, model: items.model }).from(items).orderBy(items.kind)).toEqual([
    { kind: "atom", model: localModel() },
    { kind: "topic", model: localModel() },
  ]);
});

it("embeds by the service when one is configured, and logs its tokens", async () => {
  const service = await startEmbeddingServer(({ input }) =>
    embeddings(input.map(() => Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0)))),
  );
  onTestFinished(() => void service.close());
  await aTopic(db, "Backups");
  const { id } = await aTopicProposal(db, "Saved copies");
  const { result, log } = await scan({
    EMBEDDINGS_BASE_URL: service.url,
    EMBEDDINGS_API_KEY: "a key",
    EMBEDDINGS_MODEL: "sample",
    EMBEDDINGS_DIMENSIONS: "32",
  });
  expect(result).toEqual({ ...NOTHING, proposals_scanned: 1, duplicates_found: 1, embeddings_generated: 2 });
  expect((await proposalOf(id)).comparedModel).toBe("sample/32");
  expect(log).toContainEqual(
    expect.objectContaining({
      message: "Embedded texts by the service",
      fields: expect.objectContaining({ model: "sample/32", tokens: 14 }) as object,
    }),
  );
});

it("flags a proposal with the text of a known topic as exact, and one with a similar text as semantic", async () => {
  await embedNames(db, localModel(), { Backups: 0, BACKUPS: 90, Restores: 60, "Saved copies": 20 });
  const [backups, restores] = [await aTopic(db, "Backups"), await aTopic(db, "Restores")];
  const exact = await aTopicProposal(db, "BACKUPS");
  const semantic = await aTopicProposal(db, "Saved copies");
  const { result, events, run } = await scan();
  expect(result).toEqual({ ...NOTHING, proposals_scanned: 2, duplicates_found: 2 });
  expect(await flagOf(exact.id)).toEqual([backups.id, 1, "exact"]);
  expect(await flagOf(semantic.id)).toEqual([backups.id, 0.939693, "semantic"]);
  expect(restores.id).toBeGreaterThan(backups.id);
  const about = { kind: "topic", similarEntityId: backups.id, runId: run.id };
  expect(events.map(({ channel, type, data }) => ({ channel, type, data }))).toEqual([
    {
      channel: "knowledge_proposals",
      type: "proposal.duplicate_detected",
      data: { ...about, proposalId: exact.id, title: "BACKUPS", similarityScore: 1, similarityType: "exact" },
    },
    {
      channel: "knowledge_proposals",
      type: "proposal.duplicate_detected",
      data: {
        ...about,
        proposalId: semantic.id,
        title: "Saved copies",
        similarityScore: 0.939693,
        similarityType: "semantic",
      },
    },
  ]);
});

it("makes the vectors of known topics again when all of them are gone", async () => {
  await embedNames(db, localModel(), { Backups: 0, "Saved copies": 20 });
  const topic = await aTopic(db, "Backups");
  await scan();
  await db.execute(sql`delete from vectors.items`);
  const { id } = await aTopicProposal(db, "Saved copies");
  expect((await scan()).result).toMatchObject({ duplicates_found: 1 });
  expect((await flagOf(id))[0]).toBe(topic.id);
});

it.each([
  ["its vector", "delete from vectors.items where id = (select min(id) from vectors.items)"],
  ["the code of its vector", "delete from vectors.codes where id = (select min(id) from vectors.codes)"],
])("notices that one topic of several has lost %s, and finds that topic again", async (_, loss) => {
  await embedNames(db, localModel(), { Backups: 0, Restores: 90, "Saved copies": 20 });
  const topic = await aTopic(db, "Backups");
  await aTopic(db, "Restores");
  await scan();
  await db.execute(sql.raw(loss));
  const { id } = await aTopicProposal(db, "Saved copies");
  expect((await scan()).result).toMatchObject({ duplicates_found: 1 });
  expect((await flagOf(id))[0]).toBe(topic.id);
});

it("removes the vectors of topics that were deleted without them", async () => {
  await aTopic(db, "Backups");
  const { id } = await aTopic(db, "Restores");
  await scan();
  await db.execute(sql`delete from knowledge.topics where id = ${id}`);
  await scan();
  expect(await db.select({ id: items.id }).from(items)).not.toContainEqual({ id });
});

it("flags atoms by their content, and topics never by atoms", async () => {
  const atom = await anAtom(db, "When", "The backup runs at two.");
  const proposal = await anAtomProposal(db, "Time", "the BACKUP runs at two");
  const topic = await aTopicProposal(db, "The backup runs at two.");
  expect((await scan()).result).toMatchObject({ proposals_scanned: 2, duplicates_found: 1 });
  const [flagged] = await db.select().from(atomProposals).where(eq(atomProposals.id, proposal.id));
  expect(flagged).toMatchObject({ similarAtomId: atom.id, similarityType: "exact", similarityScore: 1 });
  expect(await flagOf(topic.id)).toEqual([null, null, null]);
});

it("records how far a proposal without a similar topic was compared, and leaves it pending", async () => {
  await aTopic(db, "Restores");
  const { id } = await aTopicProposal(db, "Backups");
  await scan();
  expect(await proposalOf(id)).toMatchObject({
    status: "pending",
    similarTopicId: null,
    similarityScore: null,
    comparedVersion: await entitySetVersion(db, "topic"),
    comparedModel: localModel(),
    comparedThreshold: 0.85,
    dedupScannedAt: NOW,
    revision: 1,
  });
});

describe("the threshold", () => {
  it.each([
    { threshold: "0.939693", type: "semantic", when: "exactly" },
    { threshold: "0.939694", type: null, when: "just above" },
    { threshold: "0", type: "semantic", when: "0" },
    { threshold: "1", type: null, when: "1" },
  ])("of $when the similarity: $type", async ({ threshold, type }) => {
    await embedNames(db, localModel(), { Backups: 0, "Saved copies": 20 });
    await aTopic(db, "Backups");
    const { id } = await aTopicProposal(db, "Saved copies");
    await scan({ KNOWLEDGE_DEDUP_SIMILARITY_THRESHOLD: threshold });
    expect((await flagOf(id))[2]).toBe(type);
  });

  it("that is lower than before compares again; a higher one keeps the comparison and the flags", async () => {
    await embedNames(db, localModel(), { Backups: 0, "Saved copies": 20, "Copies on tape": 40 });
    await aTopic(db, "Backups");
    const [near, far] = [await aTopicProposal(db, "Saved copies"), await aTopicProposal(db, "Copies on tape")];
    await scan({ KNOWLEDGE_DEDUP_SIMILARITY_THRESHOLD: "0.9" });
    expect([(await flagOf(near.id))[2], (await flagOf(far.id))[2]]).toEqual(["semantic", null]);
    expect((await scan({ KNOWLEDGE_DEDUP_SIMILARITY_THRESHOLD: "0.95" })).result).toEqual(NOTHING);
    const { result } = await scan({ KNOWLEDGE_DEDUP_SIMILARITY_THRESHOLD: "0.7" });
    expect(result).toEqual({ ...NOTHING, proposals_scanned: 1, duplicates_found: 1 });
    expect([(await flagOf(near.id))[2], (await flagOf(far.id))[2]]).toEqual(["semantic", "semantic"]);
  });
});

describe("a proposal is compared again", () => {
  it("not while nothing has changed, nor when it is flagged or decided", async () => {
    await aTopic(db, "Backups");
    const rejected = { status: "rejected", reviewedAt: NOW } as const;
    await aTopicProposal(db, "backups");
    await aTopicProposal(db, "Restores");
    await aTopicProposal(db, "Archives", rejected);
    expect((await scan()).result).toMatchObject({ proposals_scanned: 2 });
    expect((await scan()).result).toEqual(NOTHING);
  });

  it("with a newer topic, without any embedding of what is known", async () => {
    const { id } = await aTopicProposal(db, "Backups");
    await scan();
    const { id: topicId } = await aTopic(db, "BACKUPS!");
    expect((await scan()).result).toEqual({
      ...NOTHING,
      proposals_scanned: 1,
      duplicates_found: 1,
      embeddings_generated: 1,
    });
    expect(await flagOf(id)).toEqual([topicId, 1, "exact"]);
  });

  it("with a topic whose text has changed, by its new text alone", async () => {
    await embedNames(db, localModel(), { Backups: 0, "Saved copies": 20, Restores: 90, "Restored files": 80 });
    const topic = await aTopic(db, "Backups");
    const { id } = await aTopicProposal(db, "Restored files");
    await scan();
    expect(await flagOf(id)).toEqual([null, null, null]);
    await rename(topic.id, "Restores");
    const other = await aTopicProposal(db, "Saved copies");
    expect((await scan()).result).toMatchObject({ proposals_scanned: 2, duplicates_found: 1 });
    expect(await flagOf(id)).toEqual([topic.id, 0.984808, "semantic"]);
    expect(await flagOf(other.id)).toEqual([null, null, null]);
  });

  it("when its similar topic is deleted", async () => {
    const topic = await aTopic(db, "Backups");
    const { id } = await aTopicProposal(db, "backups");
    await scan();
    await db.delete(topics).where(eq(topics.id, topic.id));
    expect((await scan()).result).toMatchObject({ proposals_scanned: 1, duplicates_found: 0 });
    expect(await flagOf(id)).toEqual([null, null, null]);
  });

  it("when the model has changed, and everything known is embedded by that model first", async () => {
    await aTopic(db, "Backups");
    const { id } = await aTopicProposal(db, "Restores");
    await scan();
    const { result } = await scan({ EMBEDDINGS_DIMENSIONS: "64" });
    expect(result).toEqual({ ...NOTHING, proposals_scanned: 1, embeddings_generated: 2 });
    expect((await proposalOf(id)).comparedModel).toBe(localModel(64));
  });
});

async function rename(id: number, name: string) {
  await db
    .update(topics)
    .set({ name, ...hashesOf("topic", name, "") })
    .where(eq(topics.id, id));
}

it("compares every proposal, however many batches they take, and embeds a text once", async () => {
  await aTopic(db, "Topic 7");
  const { extractionRunId } = await aTopicProposal(db, "Topic 1");
  for (let n = 2; n <= 25; n++) await aTopicProposal(db, `Topic ${n}`, { extractionRunId });
  for (let n = 1; n <= 5; n++) await aTopicProposal(db, "Topic 25", { extractionRunId });
  const { result } = await scan({ KNOWLEDGE_DEDUP_BATCH_SIZE: "10", KNOWLEDGE_DEDUP_SIMILARITY_THRESHOLD: "1" });
  expect(result).toEqual({ proposals_scanned: 30, duplicates_found: 1, embeddings_generated: 25, errors: 0 });
  expect(await db.select().from(cachedEmbeddings)).toHaveLength(25);
});

it("sends as many statements for a batch of 100 proposals as for one", async () => {
  await aTopic(db, "Backups");
  const { extractionRunId } = await aTopicProposal(db, "Archives");
  await scan();
  await aTopicProposal(db, "Topic 0", { extractionRunId });
  const one = await statementsOf(() => scan());
  for (let n = 1; n <= 100; n++) await aTopicProposal(db, `Topic ${n}`, { extractionRunId });
  expect(await statementsOf(() => scan())).toBe(one);
});

/** How many statements are sent meanwhile. */
async function statementsOf(work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const counting = () => void (count += 1);
  statementChannel.subscribe(counting);
  await work();
  statementChannel.unsubscribe(counting);
  return count;
}

it("leaves the order of ids out of the result: each proposal keeps its own flag", async () => {
  const known = [await aTopic(db, "Backups"), await aTopic(db, "Restores")];
  const { extractionRunId } = await aTopicProposal(db, "restores");
  await aTopicProposal(db, "Archives", { extractionRunId });
  await aTopicProposal(db, "backups", { extractionRunId });
  await scan();
  const rows = await db.select().from(topicProposals).orderBy(asc(topicProposals.id));
  expect(rows.map(({ similarTopicId }) => similarTopicId)).toEqual([known[1]!.id, null, known[0]!.id]);
});
