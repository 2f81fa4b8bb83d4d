import { afterAll, beforeAll, expect, it } from "vitest";
import { atomProposals, messages, topicProposals } from "#data/knowledge/knowledge-schema.ts";
import { jobs } from "#functions/knowledge/index.ts";
import type { DemoApi } from "#local/stack/demo-data/demo-data.ts";
import { knowledgeDemo } from "#local/stack/demo-data/demo-knowledge.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { type AdminApi, startAdminApi } from "../../../functions/http/admin/admin-api.ts";

let database: TestDatabase;
let api: AdminApi;
let demo: DemoApi;
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, jobs);
  const call = async (method: string, path: string, body?: unknown, key?: string) => {
    // The runs that the demo waits for are executed here.
    const run = /^api\/admin\/runs\/([^?]+)\?wait/.exec(path)?.[1];
    if (run) await api.runner.execute(run);
    const headers = key === undefined ? {} : { "idempotency-key": key };
    const answer = await api.call<{ id?: string }>(method, path.replace("/run?wait=30", "/run"), body, headers);
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
    if (path.endsWith("/run?wait=30")) await api.runner.execute(answer.body.id!);
    return answer.body as never;
  };
  demo = {
    now: api.clock.now(),
    get: (path) => call("GET", path),
    post: (path, body, key) => call("POST", path, body, key),
    put: (path, body) => call("PUT", path, body),
    provider: (name) => Promise.reject(new Error(`knowledge needs no provider ${name}`)),
  };
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

it("sends messages once; of their proposals some are approved, and duplicates wait with a flag", async () => {
  expect(await knowledgeDemo.load(demo)).toMatch(/^9 messages with \d+ proposals/);
  await knowledgeDemo.load(demo);
  expect(await api.db.select().from(messages)).toHaveLength(9);
  const topics = await api.db.select().from(topicProposals);
  const atoms = await api.db.select().from(atomProposals);
  expect(topics.map(({ proposedName }) => proposedName).toSorted()).toEqual([
    "Backups",
    "On call",
    "Releases",
    "export job",
    "exports",
    "release calendar",
  ]);
  const all = [...topics, ...atoms];
  expect(all.filter(({ status }) => status === "approved").length).toBeGreaterThan(5);
  expect(all.filter(({ similarityType }) => similarityType === "exact").map(({ status }) => status)).toEqual([
    "pending",
  ]);
});
