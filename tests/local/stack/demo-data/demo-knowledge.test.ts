import { afterAll, beforeAll, expect, it } from "vitest";
import { atomProposals, messages, topicProposals } from "#data/knowledge/knowledge-schema.ts";
import { jobs } from "#functions/knowledge/index.ts";
import type { DemoApi } from "#local/stack/demo-data/demo-data.ts";
import { knowledgeDemo } from "#local/stack/demo-data/demo-knowledge.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { type AdminApi, startAdminApi } from "../../../functions/http/admin/admin-api.ts";
import { demoApi } from "./demo-api.ts";

let database: TestDatabase;
let api: AdminApi;
let demo: DemoApi;
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, jobs);
  demo = demoApi(api);
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
