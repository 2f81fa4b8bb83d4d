import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { proposalMetrics } from "#data/knowledge/knowledge-schema.ts";
import { jobs } from "#functions/knowledge/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { aRun } from "#support/factories.ts";
import { anAtom, aTopic } from "#support/knowledge.ts";
import { TestClock } from "#support/test-clock.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

const NOW = new Date("2026-03-10T12:00:00Z");
interface Metrics {
  current: { takenAt: string; topics: { pending: number } } | null;
  targets: { name: string; kind: string | null; value: number | null; isMet: boolean | null }[];
  stepSeconds: number;
  history: { takenAt: string }[];
}

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, jobs, { clock: new TestClock(NOW) });
});
afterAll(async () => {
  await api.close();
  await database.drop();
});
afterEach(() =>
  emptyTables(api.db, ["knowledge.topics", "knowledge.atoms", "knowledge.proposal_metrics", "platform.job_runs"]),
);

const metrics = (query = "") => api.call<Metrics>("GET", `api/knowledge/metrics${query}`);
async function aSnapshot(takenAt: Date, given: Partial<typeof proposalMetrics.$inferInsert> = {}) {
  const counts = { pending: 1, approved: 1, rejected: 0, merged: 0 };
  for (const kind of ["topic", "atom"] as const) {
    await api.db.insert(proposalMetrics).values({ takenAt, kind, ...counts, ...given });
  }
}

describe("the metrics", () => {
  it("have no figures before the first snapshot, and say whether a target is met after it", async () => {
    const before = (await metrics()).body;
    expect(before.current).toBeNull();
    expect(before.targets).toHaveLength(9);
    expect(new Set(before.targets.map(({ isMet }) => isMet))).toEqual(new Set([null]));

    const rates = { autoApprovalRate: 0.5, duplicateAccuracy: 0.8, expirationRate: 0.1, queueAgeP95: 3_599 };
    await aSnapshot(NOW, rates);
    const { current, targets } = (await metrics()).body;
    expect(current).toMatchObject({ takenAt: NOW.toISOString(), topics: { pending: 1, ...rates } });
    expect(Object.fromEntries(targets.map(({ name, isMet }) => [name, isMet]))).toEqual({
      autoApprovalRate: true,
      duplicateAccuracy: false,
      queueAgeP95: true,
      expirationRate: false,
      jobFailureRate: null,
    });
  });

  it("count the dead runs of the family's jobs alone", async () => {
    const run = { family: "knowledge", queuedAt: NOW };
    for (const state of ["succeeded", "succeeded", "succeeded", "dead"] as const) {
      await aRun(api.db, { ...run, jobId: "deduplication_scan", state });
    }
    await aRun(api.db, { jobId: "sync_fx_latest", family: "portfolio", state: "dead", queuedAt: NOW });
    const { targets } = (await metrics()).body;
    expect(targets.at(-1)).toMatchObject({ name: "jobFailureRate", kind: null, value: 0.25, isMet: false });
  });

  it("have a history with the last snapshot of each step, oldest first", async () => {
    const at = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000);
    for (const minutes of [0, 15, 16, 30, 60 * 24 * 8]) await aSnapshot(at(minutes));
    const week = (await metrics()).body;
    expect(week.stepSeconds).toBe(1_210);
    expect(week.history.map(({ takenAt }) => takenAt)).toEqual([at(30), at(15)].map((moment) => moment.toISOString()));
    const { body } = await metrics(`?from=${at(20).toISOString()}&to=${at(15).toISOString()}`);
    expect(body.history.map(({ takenAt }) => takenAt)).toEqual([at(16).toISOString()]);
  });

  it("of an impossible range are refused", async () => {
    for (const query of [
      "?from=2026-03-11T00:00:00Z",
      "?from=1990-01-01T00:00:00Z",
      "?to=soon",
      "?to=0001-01-01T00:00:00Z",
    ]) {
      expect((await metrics(query)).status, query).toBe(400);
    }
  });
});

it("known topics and atoms are listed, newest first, page by page", async () => {
  const [first, second] = [await aTopic(api.db, "Backups"), await aTopic(api.db, "Restores")];
  await anAtom(api.db, "When", "At two.", { topicId: first.id });
  await anAtom(api.db, "Where", "In the vault.");
  const page = await api.call("GET", "api/knowledge/topics?limit=1");
  expect(page.body).toMatchObject({ topics: [{ name: "Restores", atoms: 0 }], nextCursor: second.id });
  const next = await api.call("GET", `api/knowledge/topics?cursor=${second.id}`);
  expect(next.body).toMatchObject({ topics: [{ id: first.id, atoms: 1 }], nextCursor: null });
  const all = await api.call<{ atoms: unknown[] }>("GET", "api/knowledge/atoms");
  expect(all.body.atoms).toMatchObject([
    { title: "Where", topic: null },
    { title: "When", topicName: "Backups" },
  ]);
  const ofTopic = await api.call<{ atoms: unknown[] }>("GET", `api/knowledge/atoms?topic=${first.id}`);
  expect(ofTopic.body.atoms).toHaveLength(1);
});
