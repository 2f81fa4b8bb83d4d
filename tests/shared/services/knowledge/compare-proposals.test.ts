import { eq, sql } from "drizzle-orm";
import { afterEach, describe, expect, it } from "vitest";
import { topicProposals, topics } from "#data/knowledge/knowledge-schema.ts";
import { items } from "#data/vectors/vectors-schema.ts";
import { defineJob, type JobContext, linear, manual, z } from "#jobs";
import type { Embedder } from "#providers/embedder.ts";
import { ProviderError } from "#providers/provider-error.ts";
import { announceFailedItems } from "#services/knowledge/announce-errors.ts";
import { approveProposal } from "#services/knowledge/approve-proposal.ts";
import { compareProposals } from "#services/knowledge/compare-proposals.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { aTopic, aTopicProposal, hashesOf } from "#support/knowledge.ts";
import { lockWait } from "#support/lock-wait.ts";
import { startProcess } from "#support/test-process.ts";

const NOW = new Date("2026-06-01T12:00:00Z");
const DIMENSIONS = 32;
const MODEL = `test/${DIMENSIONS}`;

const { url, db } = await openDatabase({ poolMax: 8 });
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

/** Texts in their order on a circle, ten degrees apart: neighbours are similar. */
const CIRCLE = ["Backups", "Saved copies", "Copies on tape", "Far", "Farther", "Farthest"];

/** An embedder of these texts that calls `before` with each batch. */
function embedderThat(before: (texts: readonly string[]) => void | Promise<void> = () => undefined): Embedder {
  return {
    model: MODEL,
    dimensions: DIMENSIONS,
    async embed(texts) {
      await before(texts);
      const vectors = texts.map((text) => {
        const vector = new Float32Array(DIMENSIONS);
        const place = CIRCLE.indexOf(text);
        if (place === -1) vector[2 + (hashesOf("topic", text, "").contentHash[0]! % (DIMENSIONS - 2))] = 1;
        else {
          vector[0] = Math.cos((place * Math.PI) / 18);
          vector[1] = Math.sin((place * Math.PI) / 18);
        }
        return vector;
      });
      return { vectors, tokens: 0 };
    },
  };
}

interface ScanOptions {
  readonly batch?: number;
  readonly threshold?: number;
}

async function scan(embedder: Embedder, { batch = 100, threshold = 0.95 }: ScanOptions = {}) {
  const job = defineJob({
    id: "a_scan",
    family: { id: "samples", title: "Samples" },
    summary: "Scan topics alone",
    on: manual,
    input: z.strictObject({}),
    retry: linear({ retries: 2, delay: "10s" }),
    concurrency: () => null,
    async run(context: JobContext<unknown>) {
      const { failed, ...counts } = await compareProposals(context, { kind: "topic", embedder, threshold, batch });
      announceFailedItems(context, failed);
      return { ...counts, failed: failed.map(({ key }) => key) };
    },
  });
  const app = startProcess(url, [job], { db });
  app.clock.moveTo(NOW);
  const { id } = await app.enqueuer.enqueue(job, { input: {}, trigger: "manual", requestedBy: "a test" });
  const run = (await app.runner.execute(id))!;
  return { run, result: run.result, events: app.observed.events };
}

const approve = (id: number) =>
  db.transaction((tx) =>
    approveProposal(tx, {
      kind: "topic",
      id,
      reviewer: { userId: 1, by: null, who: "a test" },
      notes: null,
      at: NOW,
      model: MODEL,
      threshold: 0.95,
    }),
  );
const rename = (id: number, name: string) =>
  db
    .update(topics)
    .set({ name, ...hashesOf("topic", name, "") })
    .where(eq(topics.id, id));
const proposalOf = async (id: number) => (await db.select().from(topicProposals).where(eq(topicProposals.id, id)))[0]!;
const vectorCount = async () => (await db.select().from(items)).length;

describe("while a scan is embedding", () => {
  it("a topic that is added is compared by the approval", async () => {
    const { id } = await aTopicProposal(db, "Backups");
    const added: number[] = [];
    const embedder = embedderThat(async (texts) => {
      if (texts.includes("Backups")) added.push((await aTopic(db, "Saved copies")).id);
    });
    await scan(embedder);
    expect(await proposalOf(id)).toMatchObject({ similarTopicId: null });
    // Its vector is missing: another scan makes it.
    expect(await approve(id)).toEqual({ outcome: "not_compared" });
    await scan(embedderThat());
    expect(await proposalOf(id)).toMatchObject({ similarTopicId: added[0], similarityType: "semantic" });
  });

  it("a topic that is renamed keeps no vector of its earlier text", async () => {
    const topic = await aTopic(db, "Backups");
    const { id } = await aTopicProposal(db, "Copies on tape");
    const renaming = embedderThat(async (texts) => {
      if (texts.includes("Backups")) await rename(topic.id, "Saved copies");
    });
    await scan(renaming);
    expect(await vectorCount()).toBe(0);
    expect(await proposalOf(id)).toMatchObject({ similarTopicId: null });
    expect(await approve(id)).toEqual({ outcome: "not_compared" });
    await scan(embedderThat());
    expect(await proposalOf(id)).toMatchObject({ similarTopicId: topic.id, similarityScore: 0.984808 });
  });

  it("a topic that is renamed after its vector was made flags nothing by its earlier text", async () => {
    const topic = await aTopic(db, "Backups");
    const { id } = await aTopicProposal(db, "Saved copies");
    await scan(
      embedderThat(async (texts) => {
        if (texts.includes("Saved copies")) await rename(topic.id, "Far");
      }),
    );
    expect(await proposalOf(id)).toMatchObject({ similarTopicId: null, status: "pending" });
    await scan(embedderThat());
    expect(await approve(id)).toMatchObject({ outcome: "approved" });
  });

  it("a similar topic that is deleted leaves the next similar one, and its vector is removed by and by", async () => {
    const [first, second] = [await aTopic(db, "Backups"), await aTopic(db, "Copies on tape")];
    const { id } = await aTopicProposal(db, "Saved copies");
    await scan(
      embedderThat(async (texts) => {
        if (texts.includes("Saved copies")) await db.delete(topics).where(eq(topics.id, first.id));
      }),
    );
    expect(await proposalOf(id)).toMatchObject({ similarTopicId: second.id, similarityScore: 0.984808 });
  });

  it("a proposal that a person decides, or that is changed, is left as it is", async () => {
    await aTopic(db, "Backups");
    const [decided, changed] = [await aTopicProposal(db, "Saved copies"), await aTopicProposal(db, "Copies on tape")];
    const { result } = await scan(
      embedderThat(async (texts) => {
        if (!texts.includes("Saved copies")) return;
        const rejected = { status: "rejected", reviewedAt: NOW } as const;
        await db.update(topicProposals).set(rejected).where(eq(topicProposals.id, decided.id));
        const other = { proposedName: "Farthest", ...hashesOf("topic", "Farthest", "") };
        await db.update(topicProposals).set(other).where(eq(topicProposals.id, changed.id));
      }),
    );
    expect(result).toMatchObject({ scanned: 0, duplicates: 0 });
    expect(await proposalOf(decided.id)).toMatchObject({
      status: "rejected",
      similarTopicId: null,
      comparedVersion: null,
    });
    expect(await proposalOf(changed.id)).toMatchObject({ similarTopicId: null, comparedVersion: null });
  });
});

it("waits for a topic that is being deleted, and flags no proposal as similar to it", async () => {
  const topic = await aTopic(db, "Backups");
  const { id } = await aTopicProposal(db, "Saved copies");
  await scan(embedderThat());
  await db.execute(sql`update knowledge.topic_proposals set similar_topic_id = null`);
  const [deleted, mayCommit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const deletion = db.transaction(async (tx) => {
    await tx.delete(topics).where(eq(topics.id, topic.id));
    deleted.resolve();
    await mayCommit.promise;
  });
  await deleted.promise;
  const scanning = scan(embedderThat());
  await lockWait(db, "%with given%");
  mayCommit.resolve();
  await deletion;
  await scanning;
  expect(await proposalOf(id)).toMatchObject({ similarTopicId: null, comparedVersion: null });
  await scan(embedderThat());
  expect(await vectorCount()).toBe(0);
  expect((await proposalOf(id)).comparedVersion).not.toBeNull();
});

it("leaves a proposal for the next scan when all the similar topics that it found are gone", async () => {
  const { id } = await aTopicProposal(db, "Backups");
  for (let n = 0; n < 6; n++) await aTopic(db, "Saved copies");
  await scan(embedderThat(), { threshold: 1 });
  const [kept] = await db
    .select()
    .from(topics)
    .orderBy(sql`id desc`)
    .limit(1);
  // During the scan: what is gone before it has no vectors any more.
  await db.execute(sql`delete from vectors.cached_embeddings`);
  const deleting = embedderThat(async (texts) => {
    if (texts.includes("Backups")) await db.execute(sql`delete from knowledge.topics where id <> ${kept!.id}`);
  });
  expect((await scan(deleting)).result).toMatchObject({ scanned: 0 });
  expect(await approve(id)).toEqual({ outcome: "not_compared" });
  expect((await scan(embedderThat())).result).toMatchObject({ scanned: 1 });
  expect((await proposalOf(id)).similarTopicId).toBe(kept!.id);
});

describe("a service", () => {
  const refusal = (text: string) =>
    new ProviderError(`${text} is too long`, { provider: "embeddings", errorClass: "validation" });

  it("that refuses the text of a proposal fails that proposal alone", async () => {
    const [one, bad, other] = [
      await aTopicProposal(db, "Backups"),
      await aTopicProposal(db, "Bad"),
      await aTopicProposal(db, "Far"),
    ];
    const { result, events } = await scan(
      embedderThat((texts) => {
        if (texts.includes("Bad")) throw refusal("Bad");
      }),
    );
    expect(result).toEqual({ scanned: 2, duplicates: 0, generated: 2, failed: [`topic proposal ${bad.id}`] });
    expect((await proposalOf(one.id)).comparedVersion).not.toBeNull();
    expect((await proposalOf(other.id)).comparedVersion).not.toBeNull();
    expect(await approve(bad.id)).toEqual({ outcome: "not_compared" });
    expect(events.map(({ data }) => data)).toMatchObject([{ message: "Bad is too long", severity: "error" }]);
  });

  it("that refuses the text of a topic leaves it to the exact comparison, and is asked again", async () => {
    const { id: topicId } = await aTopic(db, "Bad");
    const [exact, other] = [await aTopicProposal(db, "bad."), await aTopicProposal(db, "Far")];
    const refusing = () =>
      scan(
        embedderThat((texts) => {
          if (texts.includes("Bad")) throw refusal("Bad");
        }),
      );
    expect((await refusing()).result).toMatchObject({ scanned: 2, duplicates: 1, failed: [`topic ${topicId}`] });
    expect(await proposalOf(exact.id)).toMatchObject({ similarTopicId: topicId, similarityType: "exact" });
    expect((await refusing()).result).toMatchObject({ scanned: 0, failed: [`topic ${topicId}`] });
    expect(await approve(other.id)).toMatchObject({ outcome: "approved" });
    expect((await scan(embedderThat())).result).toMatchObject({ failed: [] });
    expect(await vectorCount()).toBe(2);
  });

  it("that refuses everything fails the run, and not each proposal", async () => {
    await aTopicProposal(db, "Backups");
    const { run } = await scan(
      embedderThat((texts) => {
        throw refusal(texts[0]!);
      }),
    );
    expect(run).toMatchObject({ state: "dead", itemFailureCount: 0 });
  });

  it("that fails in the middle leaves what was done, and the retry continues there", async () => {
    const { extractionRunId } = await aTopicProposal(db, "Backups");
    for (let n = 1; n < 30; n++) await aTopicProposal(db, `Topic ${n}`, { extractionRunId });
    let calls = 0;
    const { run } = await scan(
      embedderThat(() => {
        calls += 1;
        if (calls === 3)
          throw new ProviderError("the service is overloaded", { provider: "embeddings", errorClass: "transient" });
      }),
      { batch: 10 },
    );
    expect(run.state).toBe("retrying");
    const [row] = await db.execute<{ n: number }>(sql`
      select count(compared_version)::integer as n from knowledge.topic_proposals`);
    expect(row!.n).toBe(20);
    expect((await scan(embedderThat(), { batch: 10 })).result).toMatchObject({ scanned: 10, generated: 10 });
  });
});
