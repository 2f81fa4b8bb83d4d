import { v7 as uuidv7 } from "uuid";
import { afterEach, expect, it } from "vitest";
import type { Executor } from "#data/client.ts";
import {
  auditTrail,
  extractionMessages,
  type ExtractionRun,
  extractionRuns,
  messages,
  topicProposals,
} from "#data/knowledge/knowledge-schema.ts";
import { linkMessages, storeMessages } from "#data/knowledge/messages.ts";
import { deleteOrphanedExtractions } from "#data/knowledge/orphaned-extractions.ts";
import { cleanupOrphanedExtractions } from "#functions/knowledge/cleanup-orphaned-extractions.ts";
import { contentHash, exactKey } from "#rules/knowledge/proposal-text.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { lockWait } from "#support/lock-wait.ts";
import { runJob } from "#support/run-job.ts";
import { createSignal } from "#support/signal.ts";

const NOW = new Date("2026-03-15T03:00:00Z");
const daysAgo = (days: number) => new Date(NOW.getTime() - days * 86_400_000);

const { db } = await openDatabase();
afterEach(async () => {
  await emptyTables(db, [
    "platform.job_runs",
    "knowledge.messages",
    "knowledge.extraction_runs",
    "knowledge.audit_trail",
  ]);
});

/** An extraction of eight days ago with a message. */
async function anExtraction({ texts = ["hello"], ...given }: Partial<ExtractionRun> & { texts?: string[] } = {}) {
  const id = uuidv7();
  const createdAt = given.createdAt ?? daysAgo(8);
  const ended = { state: "extracted", finishedAt: createdAt } as const;
  await db.insert(extractionRuns).values({ id, requestedBy: "a test", ...ended, ...given, createdAt });
  await db.transaction(async (tx) => {
    const rows = texts.map((text) => ({ id: uuidv7(), source: "chat", externalId: text, author: null, text }));
    const stored = await storeMessages(
      tx,
      rows.map((row) => ({ ...row, sentAt: null, createdAt })),
    );
    await linkMessages(
      tx,
      id,
      stored.map((one) => one.id),
    );
  });
  return id;
}

const propose = (db: Executor, extractionRunId: string) =>
  db.insert(topicProposals).values({
    extractionRunId,
    confidence: 0.5,
    proposedName: "Backups",
    exactKey: exactKey("Backups"),
    contentHash: contentHash("Backups"),
    createdAt: NOW,
  });
const clean = () => runJob(cleanupOrphanedExtractions, { db, asOf: NOW });
const left = async () => (await db.select({ id: extractionRuns.id }).from(extractionRuns)).map(({ id }) => id);
const texts = async () => (await db.select({ text: messages.text }).from(messages)).map(({ text }) => text).sort();

it("deletes ended extractions without proposals after seven days, with an audit entry for each", async () => {
  const orphan = await anExtraction();
  const failed = await anExtraction({ state: "failed", error: "no", texts: ["b"] });
  const kept = [
    await anExtraction({ createdAt: daysAgo(7), texts: ["c"] }),
    await anExtraction({ state: "queued", finishedAt: null, texts: ["d"] }),
  ];
  const used = await anExtraction({ texts: ["e"] });
  await propose(db, used);
  const { run, result } = await clean();
  expect(result).toEqual({ runs_deleted: 2, age_threshold_days: 7 });
  expect((await left()).toSorted()).toEqual([...kept, used].toSorted());
  expect(await texts()).toEqual(["c", "d", "e"]);
  expect(await db.select().from(auditTrail)).toMatchObject(
    [orphan, failed].map((subjectId) => ({
      who: "cleanup_orphaned_extractions",
      action: "delete-extraction",
      subjectType: "extraction_run",
      subjectId,
      runId: run.id,
      before: { requestedBy: "a test", messages: 1 },
    })),
  );
  expect(await clean()).toMatchObject({ result: { runs_deleted: 0 } });
});

it("keeps a message that another extraction has", async () => {
  await anExtraction({ texts: ["shared", "own"] });
  await anExtraction({ createdAt: daysAgo(1), texts: ["shared"] });
  await clean();
  expect(await texts()).toEqual(["shared"]);
});

it("deletes the messages that two orphans share", async () => {
  await anExtraction({ texts: ["shared"] });
  await anExtraction({ texts: ["shared"] });
  expect(await clean()).toMatchObject({ result: { runs_deleted: 2 } });
  expect(await texts()).toEqual([]);
});

it("an extraction that gains a proposal in an open transaction survives", async () => {
  const [gaining, orphan] = [await anExtraction({ texts: ["a"] }), await anExtraction({ texts: ["b"] })];
  const [inserted, cleaned] = [createSignal(), createSignal()];
  const gain = db.transaction(async (tx) => {
    await propose(tx, gaining);
    inserted.reach();
    await cleaned.reached;
  });
  await inserted.reached;
  expect(await clean()).toMatchObject({ result: { runs_deleted: 1 } });
  cleaned.reach();
  await gain;
  expect(await left()).toEqual([gaining]);
  expect(orphan).not.toBe(gaining);
  expect(await clean()).toMatchObject({ result: { runs_deleted: 0 } });
});

it("a proposal that comes after the deletion is refused, with its whole transaction", async () => {
  const orphan = await anExtraction();
  const [deleted, waiting] = [createSignal(), createSignal()];
  const cleanup = db.transaction(async (tx) => {
    expect(await deleteOrphanedExtractions(tx, { before: daysAgo(7), limit: 10 })).toHaveLength(1);
    deleted.reach();
    await waiting.reached;
  });
  await deleted.reached;
  const gain = db.transaction((tx) => propose(tx, orphan)).catch((error: unknown) => error);
  await lockWait(db, "%topic_proposals%");
  waiting.reach();
  await cleanup;
  expect(await gain).toMatchObject({ cause: { code: "23503" } });
  expect(await left()).toEqual([]);
});

it("a message that a request adds again in an open transaction stays", async () => {
  await anExtraction({ texts: ["again"] });
  const next = await anExtraction({ createdAt: NOW, texts: ["other"] });
  const [stored, cleaned] = [createSignal(), createSignal()];
  const request = db.transaction(async (tx) => {
    const message = { id: uuidv7(), source: "chat", externalId: "again", author: null, text: "again", sentAt: null };
    const [known] = await storeMessages(tx, [{ ...message, createdAt: NOW }]);
    stored.reach();
    await cleaned.reached;
    await tx.insert(extractionMessages).values({ extractionRunId: next, messageId: known!.id, position: 1 });
  });
  await stored.reached;
  expect(await clean()).toMatchObject({ result: { runs_deleted: 1 } });
  cleaned.reach();
  await request;
  expect(await texts()).toEqual(["again", "other"]);
});
