import { afterAll, beforeAll, expect, it } from "vitest";
import { liensForMetrics } from "#data/tax-liens/deal-metrics.ts";
import { generateDocument } from "#functions/tax-liens/generate-document.ts";
import { ingestCountyLiens } from "#functions/tax-liens/ingest-county-liens/index.ts";
import { runAnalysis } from "#functions/tax-liens/run-analysis/index.ts";
import { type CountyStandIn, startCountyStandIn } from "#local/providers/county.ts";
import { analysisDemo } from "#local/stack/demo-data/analysis.ts";
import { countyDemo } from "#local/stack/demo-data/county.ts";
import type { DemoApi } from "#local/stack/demo-data/demo-data.ts";
import { memoDemo } from "#local/stack/demo-data/memo.ts";
import { startTestStorage, type TestStorage } from "#support/blob-storage.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { type AdminApi, startAdminApi } from "../../../functions/http/admin/admin-api.ts";

const NOW = new Date("2026-11-22T12:00:00Z");

let database: TestDatabase;
let county: CountyStandIn;
let storage: TestStorage;
let api: AdminApi;
let demo: DemoApi;
beforeAll(async () => {
  [database, county, storage] = await Promise.all([
    migratedDatabase(),
    startCountyStandIn({ asOf: () => NOW }),
    startTestStorage(),
  ]);
  api = startAdminApi(database.url, [ingestCountyLiens, runAnalysis, generateDocument], {
    env: { COUNTY_LISTS_LOOPBACK: "true", AzureWebJobsStorage: storage.connectionString },
  });
  api.clock.moveTo(NOW);
  const call = async (method: string, path: string, body?: unknown, key?: string) => {
    // The test is what carries the run.
    const [asked = "", query] = path.split("?wait");
    const headers = key === undefined ? {} : { "idempotency-key": key };
    const answer = await api.call(method, asked, body, headers);
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
    if (query === undefined) return answer.body as never;
    await api.runner.execute(String(answer.body.id));
    return (await api.call("GET", `api/admin/runs/${String(answer.body.id)}`)).body as never;
  };
  demo = {
    now: NOW,
    get: (path) => call("GET", path),
    post: (path, body, key) => call("POST", path, body, key),
    put: (path, body) => call("PUT", path, body),
    provider: async (name) => ({ county: county.origin })[name]!,
  };
});
afterAll(async () => {
  await api.close();
  await Promise.all([database.drop(), county.close(), storage.stop()]);
});

it("a first start shows a county's liens, what was refused and why, and values for an analysis; also when it is repeated", async () => {
  expect(await countyDemo.load(demo)).toMatch(/^a county's list of 507 rows, 7 of them refused: /);
  const ingestions = "api/counties/sample-county/ingestions";
  const told = await demo.get<{ ingestions: { rejects: { reasons: string[] }[] }[] }>(ingestions);
  expect(told.ingestions[0]!.rejects.map(({ reasons }) => reasons[0]!.split(":")[0])).toEqual([
    ...["faceAmount", "faceAmount", "row", "parcelId", "status", "faceAmount", "interestRate"],
  ]);
  const { liens } = await demo.get<{ liens: { id: number }[] }>("api/liens?county=sample-county&limit=1000");
  const facts = await liensForMetrics(
    api.db,
    liens.map(({ id }) => id),
    "2026-11-22",
  );
  expect(facts).toHaveLength(500);
  const valued = facts.filter(({ valuation }) => valuation !== null);
  expect(valued.length).toBe(450);

  await countyDemo.load(demo);
  expect((await demo.get<typeof told>(ingestions)).ingestions).toHaveLength(1);
});

it("an analysis finds deals among them, once however often the start is repeated", async () => {
  await countyDemo.load(demo);
  const said = await analysisDemo.load(demo);
  expect(said).toMatch(/^an analysis with \d{2,} candidates and \d+ deals for 2[45]\d{3}\.\d\d dollars: /);
  expect(await analysisDemo.load(demo)).toBe(said);
});

it("a memo on the best of the deals is written, once", async () => {
  await countyDemo.load(demo);
  await analysisDemo.load(demo);
  const said = await memoDemo.load(demo);
  expect(said).toMatch(/^a memo on the best deal, as PDF: /);
  expect(await memoDemo.load(demo)).toBe(said);
  const blobs = await storage.blobs("documents");
  expect([...blobs.keys()]).toMatchObject([/\.html$/, /\.pdf$/].map((name) => expect.stringMatching(name) as string));
});
