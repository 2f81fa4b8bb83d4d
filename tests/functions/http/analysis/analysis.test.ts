import { afterAll, beforeAll, expect, it } from "vitest";
import { counties } from "#data/tax-liens/tax-lien-schema.ts";
import { runAnalysis } from "#functions/tax-liens/run-analysis/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { addLiens } from "#support/liens.ts";
import { TestClock } from "#support/test-clock.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, [runAnalysis], { clock: new TestClock("2026-01-02T06:30:00Z") });
  await addLiens(api.db, 40);
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

const constraints = { budget: "2000", counties: ["sample-az"] };
type Asked = Record<"analysis" | "run" | "episode", string>;
type Shown = { state: string; deals: { rank: number; lien: { county: string } }[]; next: number | null };
const faults = ({ errors }: { errors?: { field: string }[] }) => errors?.map(({ field }) => field);

it("an analysis is requested, executed, and shows its deals in pages", async () => {
  const asked = await api.call<Asked>("POST", "api/analysis/runs", { constraints });
  expect(asked).toMatchObject({ status: 202, headers: { location: `/api/analysis/runs/${asked.body.analysis}` } });
  const address = `api/analysis/runs/${asked.body.analysis}`;
  // In Arizona it is still the first of the month.
  const waiting = await api.call("GET", address);
  expect(waiting.body).toMatchObject({ state: "queued", asOf: "2026-01-01", constraints, deals: [], summary: null });
  expect(api.dispatched.map(({ id }) => id)).toContain(asked.body.run);
  await api.runner.execute(asked.body.run);

  const { body: first } = await api.call<Shown>("GET", `${address}?limit=2`);
  expect(first).toMatchObject({ state: "succeeded", next: 2, deals: [{ rank: 1 }, { rank: 2 }] });
  const { body: rest } = await api.call<Shown>("GET", `${address}?after=2`);
  expect(rest).toMatchObject({
    next: null,
    deals: expect.arrayContaining([expect.objectContaining({ rank: 3 })]) as unknown,
  });
  expect(first.deals[0]?.lien.county).toBe("sample-az");
});

it("two requests with one key are one analysis", async () => {
  const key = { "idempotency-key": "analysis-1" };
  const one = await api.call("POST", "api/analysis/runs", { constraints }, key);
  const same = await api.call("POST", "api/analysis/runs", { constraints }, key);
  expect([one.status, same.status, same.body]).toEqual([202, 200, one.body]);
  const other = { constraints: { ...constraints, budget: "1" } };
  expect((await api.call("POST", "api/analysis/runs", other, key)).status).toBe(422);
});

it("analyses are listed newest first, in pages and by state", async () => {
  const { body: page } = await api.call<{ analyses: { id: string }[]; next: string }>(
    "GET",
    "api/analysis/runs?limit=1",
  );
  const { body: older } = await api.call<typeof page>("GET", `api/analysis/runs?before=${page.next}`);
  expect(older.analyses[0]!.id < page.analyses[0]!.id).toBe(true);
  const { body: done } = await api.call<{ analyses: object[] }>("GET", "api/analysis/runs?state=succeeded");
  expect(done.analyses).toMatchObject([{ state: "succeeded" }]);
});

it.each([
  [["constraints.budget"], { budget: "0" }],
  [["constraints.budget", "constraints.maxLtv"], { budget: "plenty", maxLtv: "low" }],
  [["constraints.maxFace"], { minFace: "2", maxFace: "1" }],
  [["constraints.minFace"], { minFace: "2001" }],
  [["constraints.counties.1"], { counties: ["sample-az", "none-az"] }],
  [["constraints.colour"], { colour: "blue" }],
])("an invalid analysis is refused with its fields: %j", async (fields, given) => {
  for (const path of ["api/analysis/runs", "api/agents/orchestrator/analysis"]) {
    const { status, body } = await api.call("POST", path, { constraints: { ...constraints, ...given } });
    expect([status, faults(body)], path).toEqual([400, fields]);
  }
});

it("the orchestrator chooses the counties, and records every step", async () => {
  const at = { createdAt: api.clock.now(), updatedAt: api.clock.now() };
  const empty = { id: "empty-az", name: "Empty", state: "AZ", timeZone: "America/Phoenix", ruleSet: "arizona" };
  await api.db.insert(counties).values({ ...empty, source: {}, ...at });
  const { body, status } = await api.call<Asked>(
    "POST",
    "api/agents/orchestrator/analysis",
    { goal: "Spend two thousand", constraints: { budget: "2000" } },
    { "idempotency-key": "errand-1" },
  );
  expect(status).toBe(202);
  await api.runner.execute(body.run);
  const { body: episode } = await api.call<{ steps: { name: string; outcome: string }[] }>(
    "GET",
    `api/agents/episodes/${body.episode}`,
  );
  expect(episode).toMatchObject({ agent: "analysis", goal: "Spend two thousand", analysis: body.analysis });
  expect(episode.steps.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
    ...["plan done", "definition done", "constraints done", "liens done"],
    ...["metrics done", "filter done", "deals done", "summary done"],
  ]);
  expect(episode.steps[0]).toMatchObject({ message: expect.stringContaining("sample-az") as string, number: 1 });
  expect(await api.call("GET", `api/analysis/runs/${body.analysis}`)).toMatchObject({
    body: { state: "succeeded", episode: body.episode, constraints: { budget: "2000", counties: ["sample-az"] } },
  });
});

it("a failed episode has the failed step and the reason", async () => {
  const { body } = await api.call<Asked>("POST", "api/agents/orchestrator/analysis", { constraints });
  await api.db.update(counties).set({ ruleSet: "utopia" });
  await api.runner.execute(body.run);
  await api.db.update(counties).set({ ruleSet: "arizona" });
  const { body: episode } = await api.call<{ steps: object[] }>("GET", `api/agents/episodes/${body.episode}`);
  expect(episode.steps.at(-1)).toMatchObject({
    name: "constraints",
    outcome: "failed",
    message: expect.stringContaining("constraints.counties.0: the rules of") as string,
  });
});

it("unknown ids are 404", async () => {
  const id = "01a202c5-90d9-73d6-8c20-87435e66fa8d";
  expect((await api.call("GET", `api/analysis/runs/${id}`)).status).toBe(404);
  expect((await api.call("GET", `api/agents/episodes/${id}`)).status).toBe(404);
});
