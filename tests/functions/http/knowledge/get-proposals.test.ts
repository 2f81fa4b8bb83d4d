import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { anAtomProposal, anExtraction, aTopic, aTopicProposal } from "#support/knowledge.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

interface Page {
  proposals: { kind: string; id: number; title: string; similar: unknown; topic: unknown }[];
  nextCursor: string | null;
}

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, []);
});
afterAll(async () => {
  await api.close();
  await database.drop();
});
afterEach(() => emptyTables(api.db, ["knowledge.topics", "knowledge.atoms", "knowledge.extraction_runs"]));

const list = async (query = "") => (await api.call<Page>("GET", `api/knowledge/proposals${query}`)).body;
const titles = async (query = "") => (await list(query)).proposals.map(({ title }) => title);

it("are listed newest first, the topics before the atoms, page by page without a gap", async () => {
  for (const name of ["a", "b", "c"]) await aTopicProposal(api.db, name);
  for (const title of ["x", "y", "z"]) await anAtomProposal(api.db, title, "text");
  expect(await titles()).toEqual(["c", "b", "a", "z", "y", "x"]);
  for (const limit of [1, 2, 3, 4]) {
    const found: string[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const page: Page = await list(`?limit=${limit}${cursor && `&cursor=${cursor}`}`);
      found.push(...page.proposals.map(({ title }) => title));
      cursor = page.nextCursor;
    }
    expect(found, `pages of ${limit}`).toEqual(["c", "b", "a", "z", "y", "x"]);
  }
  expect(await titles("?kind=atom")).toEqual(["z", "y", "x"]);
});

it("are filtered by status, flag and extraction, with the similar entity beside each", async () => {
  const topic = await aTopic(api.db, "Saved copies", "of data");
  const flag = { similarTopicId: topic.id, similarityScore: 0.9, similarityType: "semantic" } as const;
  await aTopicProposal(api.db, "flagged", flag);
  await aTopicProposal(api.db, "closed", { status: "rejected", reviewedAt: new Date(), reviewedBy: "mara" });
  const run = await anExtraction(api.db);
  await aTopicProposal(api.db, "of the run", { extractionRunId: run });
  expect(await titles("?flagged=true")).toEqual(["flagged"]);
  expect(await titles("?flagged=false&status=pending")).toEqual(["of the run"]);
  expect(await titles("?status=rejected")).toEqual(["closed"]);
  expect(await titles(`?run=${run}`)).toEqual(["of the run"]);
  const [first] = (await list("?flagged=true")).proposals;
  expect(first!.similar).toEqual({
    id: topic.id,
    title: "Saved copies",
    text: "of data",
    score: 0.9,
    type: "semantic",
  });
});

it("an atom has its topic, also one that came of the proposed topic", async () => {
  const topic = await aTopic(api.db, "Saved copies");
  const proposed = await aTopicProposal(api.db, "Backups");
  await anAtomProposal(api.db, "x", "text", { topicId: topic.id });
  await anAtomProposal(api.db, "y", "text", { topicProposalId: proposed.id });
  expect((await list("?kind=atom")).proposals.map(({ topic }) => topic)).toEqual([
    { id: null, name: null, proposal: proposed.id },
    { id: topic.id, name: "Saved copies", proposal: null },
  ]);
});

it("a bad filter is refused with its name", async () => {
  for (const [query, field] of [
    ["kind=idea", "kind"],
    ["flagged=maybe", "flagged"],
    ["cursor=topic-0", "cursor"],
    ["run=7", "run"],
    ["limit=0", "limit"],
  ]) {
    const { status, body } = await api.call("GET", `api/knowledge/proposals?${query}`);
    expect([status, body.errors], query).toMatchObject([400, [{ field }]]);
  }
});
