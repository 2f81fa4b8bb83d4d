import { asc, eq, sql } from "drizzle-orm";
import { afterEach, describe, expect, it } from "vitest";
import { atomProposals, auditTrail, topicProposals } from "#data/knowledge/knowledge-schema.ts";
import { expireStaleProposals } from "#functions/knowledge/expire-stale-proposals.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { anAtomProposal, aTopic, aTopicProposal } from "#support/knowledge.ts";
import { lockWait } from "#support/lock-wait.ts";
import { runJob } from "#support/run-job.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess } from "#support/test-process.ts";

const SLOT = "2026-03-10T02:00:00.000Z";
const BOUNDARY = new Date("2026-02-08T02:00:00.000Z");
const STALE = new Date(BOUNDARY.getTime() - 1);
const DECIDED = { reviewedAt: STALE, reviewedByUserId: 7, reviewedBy: "mara" } as const;

const { url, db } = await openDatabase();
afterEach(() =>
  emptyTables(db, ["knowledge.topics", "knowledge.atoms", "knowledge.extraction_runs", "knowledge.audit_trail"]),
);

const expire = (settings: Record<string, string> = {}, asOf = SLOT) =>
  runJob(expireStaleProposals, { db, asOf, settings });
const topicNow = async (id: number) => (await db.select().from(topicProposals).where(eq(topicProposals.id, id)))[0]!;
const audited = () => db.select().from(auditTrail).orderBy(asc(auditTrail.id));

it("rejects stale proposals of both kinds as the system user, with notes and an audit entry each", async () => {
  const topic = await aTopicProposal(db, "Backups", { createdAt: STALE });
  const atom = await anAtomProposal(db, "When", "At two.", { createdAt: STALE });
  const { run, result } = await expire();
  expect(result).toEqual({ topics_expired: 1, atoms_expired: 1, total_expired: 2 });
  const notes = "Auto-rejected: expired after 30 days";
  const rejected = { status: "rejected", reviewedByUserId: 1, reviewedBy: null, reviewNotes: notes };
  expect(await topicNow(topic.id)).toMatchObject({ ...rejected, reviewedAt: new Date(SLOT), revision: 2 });
  expect(await db.select().from(atomProposals)).toMatchObject([rejected]);
  const entry = { who: "expire_stale_proposals", action: "expired", runId: run.id, reason: notes };
  expect(await audited()).toMatchObject([
    { ...entry, subjectType: "topic_proposal", subjectId: String(topic.id), after: { status: "rejected" } },
    { ...entry, subjectType: "atom_proposal", subjectId: String(atom.id), before: { status: "pending" } },
  ]);
});

describe("keeps a proposal that", () => {
  it.each<[string, Parameters<typeof aTopicProposal>[2]]>([
    ["is exactly as old as the limit", { createdAt: BOUNDARY }],
    ["is younger", { createdAt: new Date(SLOT) }],
    ["was rejected before", { createdAt: STALE, status: "rejected", ...DECIDED }],
  ])("%s", async (_, given) => {
    const before = await aTopicProposal(db, "Backups", given);
    expect((await expire()).result).toEqual({ topics_expired: 0, atoms_expired: 0, total_expired: 0 });
    expect(await topicNow(before.id)).toEqual(before);
    expect(await audited()).toEqual([]);
  });

  it("was approved or merged before", async () => {
    const topic = await aTopic(db, "Backups");
    const compared = {
      comparedVersion: topic.version - 1,
      comparedModel: "m",
      comparedThreshold: 0.85,
      dedupScannedAt: STALE,
    };
    const decided = { createdAt: STALE, topicId: topic.id, ...compared, ...DECIDED };
    await aTopicProposal(db, "Backups", { ...decided, status: "approved" });
    await aTopicProposal(db, "Backups", { ...decided, status: "merged" });
    expect((await expire()).result).toMatchObject({ total_expired: 0 });
  });
});

it("takes the days from the setting, and counts 24 hours each across a clock change", async () => {
  // In Europe the night to the 29th of March has 23 hours.
  const slot = "2026-03-29T02:00:00.000Z";
  const kept = await aTopicProposal(db, "Backups", { createdAt: new Date("2026-03-28T02:00:00.000Z") });
  const stale = await aTopicProposal(db, "Backups", { createdAt: new Date("2026-03-28T01:59:59.999Z") });
  const env = { KNOWLEDGE_PROPOSAL_EXPIRATION_DAYS: "1", TZ: "Europe/Berlin" };
  expect((await expire(env, slot)).result).toMatchObject({ total_expired: 1 });
  expect((await topicNow(kept.id)).status).toBe("pending");
  expect((await topicNow(stale.id)).reviewNotes).toBe("Auto-rejected: expired after 1 days");
});

it("has a slot at 02:00 UTC on the days of a clock change as on all others", () => {
  const { on } = expireStaleProposals;
  expect(on).toMatchObject({ expression: "0 0 2 * * *", zone: "UTC" });
  expect(expireStaleProposals.retry).toEqual({ kind: "linear", retries: 2, delayMs: 10_000 });
});

it("expires a flagged proposal as well, and one that a person has reopened counts as expired by the job", async () => {
  const topic = await aTopic(db, "Backups");
  const flag = { similarTopicId: topic.id, similarityScore: 0.9, similarityType: "semantic" } as const;
  await aTopicProposal(db, "Backups", { createdAt: STALE, ...flag });
  const reopened = await aTopicProposal(db, "Backups", { createdAt: STALE, reviewedBy: "mara" });
  expect((await expire()).result).toMatchObject({ topics_expired: 2 });
  expect((await topicNow(reopened.id)).reviewedBy).toBeNull();
});

it("announces the counts once after the run, and nothing when nothing has expired", async () => {
  const app = startProcess(url, [expireStaleProposals], { db, clock: new TestClock(SLOT) });
  const run = async () => {
    const { id } = await app.enqueuer.enqueue(expireStaleProposals, { input: {}, trigger: "manual", requestedBy: "a" });
    return (await app.runner.execute(id))!;
  };
  await run();
  expect(app.observed.events).toEqual([]);
  await aTopicProposal(db, "Backups", { createdAt: STALE });
  await anAtomProposal(db, "When", "At two.", { createdAt: STALE });
  const { id: runId } = await run();
  const data = { topicsExpired: 1, atomsExpired: 1, totalExpired: 2, expirationDays: 30, runId };
  expect(app.observed.events).toEqual([{ type: "proposals.expired", channel: "knowledge_proposals", data }]);
});

it("expires thousands in batches, each once", async () => {
  const { extractionRunId } = await aTopicProposal(db, "Backups");
  await db.execute(sql`
    insert into knowledge.atom_proposals (extraction_run_id, confidence, proposed_title, proposed_content, exact_key, content_hash, created_at)
    select ${extractionRunId}::uuid, 0.5, 't', 'c' || n, sha256('a'), sha256('a'), ${STALE.toISOString()}::timestamptz
      from generate_series(1, 2500) n`);
  expect((await expire()).result).toEqual({ topics_expired: 0, atoms_expired: 2_500, total_expired: 2_500 });
  expect(await db.$count(auditTrail)).toBe(2_500);
  expect(await db.$count(atomProposals, eq(atomProposals.status, "rejected"))).toBe(2_500);
});

it("counts what an earlier attempt of the run has expired", async () => {
  await aTopicProposal(db, "Backups", { createdAt: STALE });
  const app = startProcess(url, [expireStaleProposals], { db, clock: new TestClock(SLOT) });
  const { id } = await app.enqueuer.enqueue(expireStaleProposals, { input: {}, trigger: "manual", requestedBy: "a" });
  await db.insert(auditTrail).values({
    at: new Date(SLOT),
    who: "expire_stale_proposals",
    action: "expired",
    subjectType: "atom_proposal",
    subjectId: "77",
    runId: id,
  });
  expect(await app.runner.execute(id)).toMatchObject({
    result: { topics_expired: 1, atoms_expired: 1, total_expired: 2 },
  });
});

describe("a person who decides at the same moment", () => {
  /** Rejects the proposal in a transaction that stays open until the test ends it. */
  async function decides(id: number) {
    const [locked, ending] = [Promise.withResolvers<void>(), Promise.withResolvers<"commit" | "rollback">()];
    const done = db.transaction(async (tx) => {
      await tx
        .update(topicProposals)
        .set({ status: "rejected", reviewedAt: new Date(SLOT), reviewedBy: "mara", reviewNotes: "no" })
        .where(eq(topicProposals.id, id));
      locked.resolve();
      if ((await ending.promise) === "rollback") throw new Error("undone");
    });
    await locked.promise;
    return async (how: "commit" | "rollback") => {
      ending.resolve(how);
      await done.catch(() => undefined);
    };
  }

  it("and commits first has decided, and the job expires only the others", async () => {
    const decided = await aTopicProposal(db, "Backups", { createdAt: STALE });
    const others = [
      await aTopicProposal(db, "Backups", { createdAt: STALE }),
      await aTopicProposal(db, "Backups", { createdAt: STALE }),
    ];
    const end = await decides(decided.id);
    const expiring = expire();
    await lockWait(db, "%topic_proposals%");
    await end("commit");
    expect((await expiring).result).toMatchObject({ topics_expired: 2 });
    expect(await topicNow(decided.id)).toMatchObject({ reviewedBy: "mara", reviewNotes: "no" });
    for (const { id } of others) expect((await topicNow(id)).reviewedByUserId).toBe(1);
    expect(await audited()).toHaveLength(2);
  });

  it("and rolls back has not decided, and the job expires the proposal", async () => {
    const { id } = await aTopicProposal(db, "Backups", { createdAt: STALE });
    const end = await decides(id);
    const expiring = expire();
    await lockWait(db, "%topic_proposals%");
    await end("rollback");
    expect((await expiring).result).toMatchObject({ topics_expired: 1 });
    expect(await topicNow(id)).toMatchObject({ status: "rejected", reviewedByUserId: 1 });
  });
});
