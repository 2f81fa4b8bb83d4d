import { sql } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { proposalMetrics } from "#data/knowledge/knowledge-schema.ts";
import { proposalMetricsUpdate } from "#functions/knowledge/proposal-metrics-update.ts";
import { proposalsMetricsUpdated } from "#rules/knowledge/knowledge-events.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { anAtomProposal, aTopic, aTopicProposal } from "#support/knowledge.ts";
import { runJob } from "#support/run-job.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess } from "#support/test-process.ts";

const SLOT = "2026-03-10T12:15:00.000Z";
const ago = (minutes: number) => new Date(Date.parse(SLOT) - minutes * 60_000);
const BY_JOB = { reviewedAt: ago(1), reviewedByUserId: 1 } as const;
const BY_PERSON = { reviewedAt: ago(1), reviewedBy: "mara" } as const;

const { url, db } = await openDatabase();
afterEach(() =>
  emptyTables(db, ["knowledge.topics", "knowledge.atoms", "knowledge.extraction_runs", "knowledge.proposal_metrics"]),
);

const update = (settings: Record<string, string> = {}) => runJob(proposalMetricsUpdate, { db, asOf: SLOT, settings });
const NOTHING = {
  pending: 0,
  approved: 0,
  rejected: 0,
  merged: 0,
  approvalRate: null,
  autoApprovalRate: null,
  duplicateRate: null,
  duplicateAccuracy: null,
  expirationRate: null,
  averagePendingConfidence: null,
  queueAgeMean: null,
  queueAgeP95: null,
};

it("has neither rates nor averages without proposals", async () => {
  const { run, result } = await update();
  expect(run.state).toBe("succeeded");
  expect(result).toEqual({ takenAt: SLOT, topics: NOTHING, atoms: NOTHING });
});

describe("of proposals in every state", () => {
  beforeEach(async () => {
    const topic = await aTopic(db, "Backups");
    const compared = {
      comparedVersion: topic.version - 1,
      comparedModel: "m",
      comparedThreshold: 0.85,
      dedupScannedAt: ago(5),
    };
    const flag = { ...compared, similarTopicId: topic.id, similarityScore: 0.9, similarityType: "semantic" } as const;
    // Waiting for the automatic review: 10 and 30 minutes. The others wait for a person.
    await aTopicProposal(db, "Backups", { confidence: 0.95, createdAt: ago(10), ...compared });
    await aTopicProposal(db, "Backups", { confidence: 0.99, createdAt: ago(30) });
    await aTopicProposal(db, "Backups", { confidence: 0.94, createdAt: ago(500) });
    await aTopicProposal(db, "Backups", { confidence: 0.96, createdAt: ago(600), ...flag });
    await aTopicProposal(db, "Backups", { confidence: 0.96, createdAt: ago(700), reviewedBy: "mara" });
    await aTopicProposal(db, "Backups", { status: "approved", topicId: topic.id, ...compared, ...BY_JOB });
    const second = await aTopic(db, "Restores");
    const approved = { status: "approved", topicId: second.id, ...flag, comparedVersion: second.version - 1 } as const;
    await aTopicProposal(db, "Backups", { ...approved, ...BY_PERSON });
    await aTopicProposal(db, "Backups", { status: "merged", topicId: topic.id, ...flag, ...BY_PERSON });
    await aTopicProposal(db, "Backups", { status: "rejected", ...flag, ...BY_PERSON });
    await aTopicProposal(db, "Backups", { status: "rejected", ...flag, ...BY_JOB });
    await aTopicProposal(db, "Backups", { status: "rejected", ...BY_PERSON });
  });

  it("each figure is as the documentation defines it", async () => {
    const { result } = await update();
    expect(result!.topics).toEqual({
      pending: 5,
      approved: 2,
      rejected: 3,
      merged: 1,
      approvalRate: 2 / 6,
      autoApprovalRate: 1 / 6,
      // 7 were compared; a flagged one that expired does not count for the flag.
      duplicateRate: 5 / 7,
      duplicateAccuracy: 2 / 3,
      expirationRate: 1 / 6,
      averagePendingConfidence: expect.closeTo(0.96, 10) as number,
      queueAgeMean: 1_200,
      queueAgeP95: 600 + 0.95 * 1_200,
    });
    expect(result!.atoms).toEqual(NOTHING);
  });

  it("the threshold of the queue is the setting's", async () => {
    const { result } = await update({ KNOWLEDGE_AUTO_APPROVAL_CONFIDENCE_THRESHOLD: "0.99" });
    expect(result!.topics).toMatchObject({ queueAgeMean: 1_800, queueAgeP95: 1_800 });
  });
});

it("stores one row for each kind, and replaces a snapshot of the same instant", async () => {
  await anAtomProposal(db, "When", "At two.", { createdAt: new Date(Date.parse(SLOT) + 60_000) });
  await update();
  await anAtomProposal(db, "When", "At two.");
  await update();
  expect(await db.select().from(proposalMetrics).orderBy(proposalMetrics.kind)).toMatchObject([
    { kind: "atom", takenAt: new Date(SLOT), pending: 2, queueAgeMean: expect.any(Number) as number },
    { kind: "topic", pending: 0 },
  ]);
});

it("deletes the snapshots that are older than the retention", async () => {
  const snapshot = { pending: 0, approved: 0, rejected: 0, merged: 0 };
  const day = 24 * 60;
  for (const [age, kind] of [
    [day, "topic"],
    [day + 1, "topic"],
    [day + 1, "atom"],
    [9 * day, "topic"],
  ] as const) {
    await db.insert(proposalMetrics).values({ ...snapshot, kind, takenAt: ago(age) });
  }
  await update({ KNOWLEDGE_METRICS_RETENTION_DAYS: "1" });
  const kept = await db
    .selectDistinct({ at: proposalMetrics.takenAt })
    .from(proposalMetrics)
    .orderBy(proposalMetrics.takenAt);
  expect(kept.map(({ at }) => at)).toEqual([ago(day), new Date(SLOT)]);
});

it("publishes the snapshot", async () => {
  const app = startProcess(url, [proposalMetricsUpdate], { db, clock: new TestClock(SLOT) });
  await aTopicProposal(db, "Backups");
  const asked = { input: {}, trigger: "manual", requestedBy: "a" } as const;
  await app.runner.execute((await app.enqueuer.enqueue(proposalMetricsUpdate, asked)).id);
  const [event, ...more] = app.observed.events;
  expect(more).toEqual([]);
  expect(event).toMatchObject({ channel: "knowledge_proposals", type: "proposals.metrics_updated" });
  expect(proposalsMetricsUpdated.parse(event!.data)).toMatchObject({ takenAt: SLOT, topics: { pending: 1 } });
});

describe("a failure", () => {
  it("is logged and announced, stores nothing, and the run succeeds with an empty result", async () => {
    const app = startProcess(url, [proposalMetricsUpdate], { db, clock: new TestClock(SLOT) });
    const asked = { input: {}, trigger: "manual", requestedBy: "a" } as const;
    const { id } = await app.enqueuer.enqueue(proposalMetricsUpdate, asked);
    await db.execute(sql`alter table knowledge.proposal_metrics add constraint refuse check (kind <> 'atom')`);
    try {
      expect(await app.runner.execute(id)).toMatchObject({ state: "succeeded", result: {}, errors: [] });
    } finally {
      await db.execute(sql`alter table knowledge.proposal_metrics drop constraint refuse`);
    }
    expect(await db.$count(proposalMetrics)).toBe(0);
    expect(app.log.filter(({ level }) => level === "error").map(({ message }) => message)).toEqual([
      "The metrics of the proposals were not updated; the next slot measures them again",
    ]);
    const data = { jobName: "proposal_metrics_update", severity: "error", context: { runId: id } };
    expect(app.observed.events).toMatchObject([{ type: "job.error", channel: "system_notifications", data }]);
    expect(JSON.stringify(app.observed.events)).toContain("refuse");
  });

  it("is never retried by the layer", () => {
    expect(proposalMetricsUpdate.retry).toEqual({ kind: "never", retries: 0 });
  });
});
