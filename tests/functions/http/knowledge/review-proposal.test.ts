import { eq, sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  atomProposals,
  atoms,
  auditTrail,
  type KnowledgeKind,
  topicProposals,
  topics,
} from "#data/knowledge/knowledge-schema.ts";
import { deduplicationScan } from "#functions/knowledge/deduplication-scan.ts";
import { localEmbedder } from "#providers/embeddings/local-embedder.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { anAtom, anAtomProposal, aTopic, aTopicProposal, embedNames } from "#support/knowledge.ts";
import { TestClock } from "#support/test-clock.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

const NOW = "2026-03-10T12:00:00.000Z";
const MODEL = localEmbedder(384).model;
const REASON = "as the wiki has it";

interface Proposal {
  id: number;
  status: string;
  entity: number | null;
  similar: { id: number; type: string; score: number; title: string } | null;
  reviewedBy: string | null;
  reviewNotes: string | null;
}

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, [deduplicationScan], { clock: new TestClock(NOW) });
});
afterAll(async () => {
  await api.close();
  await database.drop();
});
afterEach(() =>
  emptyTables(api.db, ["knowledge.topics", "knowledge.atoms", "knowledge.extraction_runs", "knowledge.audit_trail"]),
);

const path = (kind: KnowledgeKind, id: number) => `api/knowledge/proposals/${kind}/${id}`;
const get = (kind: KnowledgeKind, id: number) => api.call<Proposal>("GET", path(kind, id));
const etagOf = async (kind: KnowledgeKind, id: number) => (await get(kind, id)).headers.etag!;
async function review(
  kind: KnowledgeKind,
  id: number,
  body: Record<string, unknown>,
  headers?: Record<string, string>,
) {
  const given = headers ?? { "if-match": await etagOf(kind, id) };
  return api.call<Proposal & { detail: string }>(
    "POST",
    `${path(kind, id)}/review`,
    { reason: REASON, ...body },
    given,
  );
}
const undo = async (kind: KnowledgeKind, id: number) =>
  api.call<Proposal & { detail: string; merged?: unknown }>(
    "POST",
    `${path(kind, id)}/undo`,
    { reason: "a mistake" },
    { "if-match": await etagOf(kind, id) },
  );
const audited = async () =>
  (await api.db.select().from(auditTrail).orderBy(auditTrail.id)).map(
    ({ action, subjectType }) => `${action} ${subjectType}`,
  );

/** A proposed topic that was compared with everything known. */
async function aComparedTopic(name: string, angle: number, given: Partial<typeof topicProposals.$inferInsert> = {}) {
  await embedNames(api.db, MODEL, { [name]: angle });
  const [{ version }] = (await api.db.execute(
    sql`select version::float8 as version from knowledge.entity_sets where kind = 'topic'`,
  )) as unknown as [{ version: number }];
  const compared = { comparedVersion: version, comparedModel: MODEL, comparedThreshold: 0.85 };
  return aTopicProposal(api.db, name, { ...compared, dedupScannedAt: new Date(NOW), ...given });
}

describe("an approval", () => {
  it("makes the topic, names the caller, and is audited", async () => {
    const { id } = await aComparedTopic("Backups", 0);
    const answer = await review("topic", id, { action: "approve" });
    const [topic] = await api.db.select().from(topics);
    expect(answer).toMatchObject({
      status: 200,
      body: { status: "approved", entity: topic!.id, reviewedBy: "function key", reviewNotes: REASON },
    });
    expect(answer.headers.etag).toBe(await etagOf("topic", id));
    expect(await audited()).toEqual(["approved topic_proposal"]);
  });

  it("of a twin of a newer topic is refused with that topic; with acceptSimilar the person decides again", async () => {
    const { id } = await aComparedTopic("Backups", 0);
    await embedNames(api.db, MODEL, { "Saved copies": 10 });
    const newer = await aTopic(api.db, "Saved copies");
    const seen = await etagOf("topic", id);
    const refused = await review("topic", id, { action: "approve" }, { "if-match": seen });
    expect(refused).toMatchObject({
      status: 409,
      body: { type: "urn:rota:problem:similar-entity", similar: { id: newer.id, title: "Saved copies" } },
    });
    expect((await get("topic", id)).body.similar).toMatchObject({ id: newer.id, type: "pending_twin" });
    // The flag is news to the person, so the old tag is refused.
    expect(await review("topic", id, { action: "approve" }, { "if-match": seen })).toMatchObject({ status: 412 });
    expect(await review("topic", id, { action: "approve", acceptSimilar: true })).toMatchObject({ status: 200 });
  });

  it("of a proposal that was not compared names the next scan and how to start one", async () => {
    const { id } = await aTopicProposal(api.db, "Backups");
    expect(await review("topic", id, { action: "approve" })).toMatchObject({
      status: 409,
      body: {
        type: "urn:rota:problem:not-compared",
        nextScanAt: "2026-03-10T12:30:00.000Z",
        startScan: "/api/admin/jobs/deduplication_scan/run",
      },
    });
    expect(await api.db.$count(topics)).toBe(0);
  });

  it("with an Idempotency-Key happens once, and the repeat has the same answer", async () => {
    const { id } = await aComparedTopic("Backups", 0);
    const headers = { "if-match": await etagOf("topic", id), "idempotency-key": crypto.randomUUID() };
    const first = await review("topic", id, { action: "approve" }, headers);
    const second = await review("topic", id, { action: "approve" }, headers);
    expect(second.body).toEqual(first.body);
    expect(await audited()).toHaveLength(1);
  });
});

it("a rejection has its reason, and keeps the proposal", async () => {
  const { id } = await anAtomProposal(api.db, "When", "At two.");
  expect(await review("atom", id, { action: "reject" })).toMatchObject({
    status: 200,
    body: { status: "rejected", entity: null, reviewedBy: "function key", reviewNotes: REASON },
  });
  expect(await audited()).toEqual(["rejected atom_proposal"]);
});

it("a merge gives the atoms and the atom proposals of a topic to the other topic, and its undo takes them back", async () => {
  const known = await aTopic(api.db, "Saved copies");
  const { id } = await aTopicProposal(api.db, "Backups");
  const proposed = await anAtomProposal(api.db, "When", "At two.", { topicProposalId: id });
  const [set] = await api.db.execute<{ version: number }>(
    sql`select version::float8 as version from knowledge.entity_sets where kind = 'atom'`,
  );
  const atom = await anAtom(api.db, "Where", "In the vault.", { topicProposalId: id });
  const approved = { status: "approved", atomId: atom.id, reviewedAt: new Date(NOW), reviewedByUserId: 1 } as const;
  const compared = {
    comparedVersion: set!.version,
    comparedModel: "m",
    comparedThreshold: 0.85,
    dedupScannedAt: new Date(NOW),
  };
  await anAtomProposal(api.db, "Where", "In the vault.", { topicProposalId: id, ...approved, ...compared });

  const merged = await review("topic", id, { action: "merge", into: known.id });
  expect(merged).toMatchObject({ status: 200, body: { status: "merged", entity: known.id } });
  const atomNow = async () => (await api.db.select().from(atoms))[0]!;
  const proposedNow = async () =>
    (await api.db.select().from(atomProposals).where(eq(atomProposals.id, proposed.id)))[0]!;
  expect(await atomNow()).toMatchObject({ topicId: known.id, topicProposalId: null });
  expect(await proposedNow()).toMatchObject({ topicId: known.id, status: "pending" });

  expect(await undo("topic", id)).toMatchObject({ status: 200, body: { status: "pending", entity: null } });
  expect(await atomNow()).toMatchObject({ topicId: null, topicProposalId: id });
  expect(await proposedNow()).toMatchObject({ topicId: null, topicProposalId: id });
  expect(await audited()).toEqual(["merged topic_proposal", "undone topic_proposal"]);
});

describe("an undone approval", () => {
  it("deletes the topic, keeps its atoms without a topic, and waits for a person and a new scan", async () => {
    const { id } = await aComparedTopic("Backups", 0);
    const { body } = await review("topic", id, { action: "approve" });
    await anAtom(api.db, "When", "At two.", { topicId: body.entity });
    expect(await undo("topic", id)).toMatchObject({
      status: 200,
      body: { status: "pending", entity: null, reviewedBy: "function key", reviewNotes: "Undone: a mistake" },
    });
    expect(await api.db.$count(topics)).toBe(0);
    expect(await api.db.select().from(atoms)).toMatchObject([{ title: "When", topicId: null }]);
    expect(await api.db.select().from(topicProposals)).toMatchObject([{ comparedVersion: null, dedupScannedAt: null }]);
    expect(await audited()).toEqual(["approved topic_proposal", "undone topic_proposal", "deleted topic"]);
    expect(await undo("topic", id)).toMatchObject({ status: 409, body: { type: "urn:rota:problem:not-decided" } });
  });

  it("is refused while proposals are merged into the topic, and names them", async () => {
    const { id } = await aComparedTopic("Backups", 0);
    const { body } = await review("topic", id, { action: "approve" });
    const other = await aTopicProposal(api.db, "Saved copies");
    await review("topic", other.id, { action: "merge", into: body.entity });
    expect(await undo("topic", id)).toMatchObject({
      status: 409,
      body: { type: "urn:rota:problem:still-needed", merged: [{ id: other.id, title: "Saved copies" }] },
    });
    expect((await undo("topic", other.id)).status).toBe(200);
    expect((await undo("topic", id)).status).toBe(200);
  });
});

it("an undone rejection is pending again", async () => {
  const { id } = await aTopicProposal(api.db, "Backups");
  await review("topic", id, { action: "reject" });
  expect(await undo("topic", id)).toMatchObject({ status: 200, body: { status: "pending" } });
});

describe("a decision is refused", () => {
  it.each([
    ["without If-Match", {}, 428, "precondition-required"],
    ["with an old If-Match", { "if-match": '"old"' }, 412, "changed-meanwhile"],
  ])("%s", async (_, headers, status, problem) => {
    const { id } = await aTopicProposal(api.db, "Backups");
    const answer = await review("topic", id, { action: "reject" }, headers);
    expect(answer).toMatchObject({ status, body: { type: `urn:rota:problem:${problem}` } });
  });

  it("for a decided proposal, an unknown one, an unknown kind and an unknown entity", async () => {
    const { id } = await aTopicProposal(api.db, "Backups");
    const missing = await review("topic", id, { action: "merge", into: 999_999 });
    expect(missing).toMatchObject({ status: 400, body: { errors: [{ field: "into" }] } });
    await review("topic", id, { action: "reject" });
    expect(await review("topic", id, { action: "approve" })).toMatchObject({
      status: 409,
      body: { type: "urn:rota:problem:decided-before" },
    });
    const any = { "if-match": "*" };
    expect((await review("atom", id + 10_000, { action: "reject" }, any)).status).toBe(404);
    expect((await review("idea" as KnowledgeKind, id, { action: "reject" }, any)).status).toBe(400);
  });

  it.each([
    [{ action: "merge" }, "into"],
    [{ action: "reject", into: 7 }, "into"],
    [{ action: "reject", acceptSimilar: true }, "acceptSimilar"],
    [{ action: "approve", reason: "" }, "reason"],
    [{ action: "delete" }, "action"],
  ])("for the body %j", async (body, field) => {
    const { id } = await aTopicProposal(api.db, "Backups");
    expect(await review("topic", id, body)).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  });
});
