import { afterAll, beforeAll, expect, it } from "vitest";
import { liensForMetrics } from "#data/tax-liens/deal-metrics.ts";
import { generateDocument } from "#functions/tax-liens/generate-document.ts";
import { ingestCountyLiens } from "#functions/tax-liens/ingest-county-liens/index.ts";
import { runAnalysis } from "#functions/tax-liens/run-analysis/index.ts";
import { type FakeCounty, startFakeCounty } from "#local/providers/fake-county.ts";
import { analysisDemo } from "#local/stack/demo-data/demo-analysis.ts";
import { countyDemo } from "#local/stack/demo-data/demo-county.ts";
import type { DemoApi } from "#local/stack/demo-data/demo-data.ts";
import { memoDemo } from "#local/stack/demo-data/demo-memo.ts";
import { startTestStorage, type TestStorage } from "#support/blob-storage.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { type AdminApi, startAdminApi } from "../../../functions/http/admin/admin-api.ts";
import { demoApi } from "./demo-api.ts";

const NOW = new Date("2026-11-22T12:00:00Z");

let database: TestDatabase;
let county: FakeCounty;
let storage: TestStorage;
let api: AdminApi;
let demo: DemoApi;
beforeAll(async () => {
  [database, county, storage] = await Promise.all([
    migratedDatabase(),
    startFakeCounty({ asOf: () => NOW }),
    startTestStorage(),
  ]);
  api = startAdminApi(database.url, [ingestCountyLiens, runAnalysis, generateDocument], {
    env: { COUNTY_LISTS_LOOPBACK: "true", AzureWebJobsStorage: storage.connectionString },
  });
  api.clock.moveTo(NOW);
  demo = demoApi(api, { county: county.origin });
});
afterAll(async () => {
  await api.close();
  await Promise.all([database.drop(), county.close(), storage.stop()]);
});

it("the county's sample data has liens, rejected rows with reasons and valuations, and loads once", async () => {
  expect(await countyDemo.load(demo)).toMatch(/^a county's list of 507 rows, 7 of them rejected: /);
  const ingestions = "api/counties/sample-county/ingestions";
  const answer = await demo.get<{ ingestions: { rejects: { reasons: string[] }[] }[] }>(ingestions);
  expect(answer.ingestions[0]!.rejects.map(({ reasons }) => reasons[0]!.split(":")[0])).toEqual([
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
  expect((await demo.get<typeof answer>(ingestions)).ingestions).toHaveLength(1);
});

it("a start at another port corrects the address of the list, and leaves the rest of the configuration", async () => {
  const stored = () => demo.get<{ name: string; source: { url: string } }>("api/counties/sample-county");
  const before = await stored();
  await countyDemo.restart?.({ ...demo, provider: () => Promise.resolve("http://127.0.0.1:4711") });
  const url = "http://127.0.0.1:4711/treasurer/tax-certificates.csv";
  expect(await stored()).toMatchObject({ name: before.name, source: { ...before.source, url } });
  await countyDemo.restart?.(demo);
  expect((await stored()).source).toEqual(before.source);
});

it("the sample analysis finds deals, and runs once", async () => {
  await countyDemo.load(demo);
  const line = await analysisDemo.load(demo);
  expect(line).toMatch(/^an analysis with \d{2,} candidates and \d+ deals for 2[45]\d{3}\.\d\d dollars: /);
  expect(await analysisDemo.load(demo)).toBe(line);
});

it("the sample memo on the best deal is written once", async () => {
  await countyDemo.load(demo);
  await analysisDemo.load(demo);
  const line = await memoDemo.load(demo);
  expect(line).toMatch(/^a memo on the best deal, as PDF: /);
  expect(await memoDemo.load(demo)).toBe(line);
  const blobs = await storage.blobs("documents");
  expect([...blobs.keys()]).toMatchObject([/\.html$/, /\.pdf$/].map((name) => expect.stringMatching(name) as string));
});
