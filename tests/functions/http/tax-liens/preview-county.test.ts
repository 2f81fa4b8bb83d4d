import { readFile } from "node:fs/promises";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ingestCountyLiens } from "#functions/tax-liens/ingest-county-liens/index.ts";
import { undoLienIngestion } from "#functions/tax-liens/undo-lien-ingestion/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { sample } from "#support/sample-data.ts";
import { aCounty, type ListServer, startListServer } from "../../tax-liens/fake-county-lists.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

let database: TestDatabase;
let server: ListServer;
let api: AdminApi;
beforeAll(async () => {
  [database, server] = await Promise.all([migratedDatabase(), startListServer()]);
  const env = { COUNTY_LISTS_LOOPBACK: "true" };
  api = startAdminApi(database.url, [ingestCountyLiens, undoLienIngestion], { env });
});
afterAll(async () => {
  await api.close();
  await Promise.all([database.drop(), server.close()]);
});

interface Preview {
  readonly read: number;
  readonly valid: number;
  readonly changes: Readonly<Record<string, number | null>>;
  readonly detail: string;
}
const preview = (id: string, body: object = {}) => api.call<Preview>("POST", `api/counties/${id}/preview`, body);

function serve(body: string | Buffer): string {
  server.files.set("/liens", { type: "text/csv", body });
  return `${server.origin}/liens`;
}

async function ingest(countyId: string) {
  const input = { countyId };
  const { id } = await api.enqueuer.enqueue(ingestCountyLiens, { input, trigger: "manual", requestedBy: "a test" });
  return (await api.runner.execute(id))!;
}

async function dump(): Promise<unknown[]> {
  return api.db.execute(sql`
    select t::text from tax_liens.liens t union all select t::text from tax_liens.properties t
    union all select t::text from tax_liens.counties t order by 1`);
}

it("a preview shows rows, faults, repeats and changes, stores nothing, and the ingestion then does the same", async () => {
  await aCounty(api.db, "sample-az", {
    url: serve("Parcel,Certificate,Amount\nP-1,C-1,100\nP-2,C-2,200\nP-3,C-3,300\n"),
  });
  expect((await preview("sample-az")).body.changes).toEqual({ created: 3, updated: 0, unchanged: 0, notListed: 0 });
  await ingest("sample-az");
  const before = await dump();
  serve("Parcel,Certificate,Amount\nP-1,C-1,150\nP-2,C-2,x\nP-4,C-4,400\nP-4,C-4,400\n");
  const { status, body } = await preview("sample-az", { rows: 2 });
  expect(status, body.detail).toBe(200);
  expect(body).toMatchObject({
    read: 4,
    valid: 2,
    stoppedAfter: null,
    repeated: { rows: 1, lines: [5] },
    changes: { created: 1, updated: 1, unchanged: 0, notListed: 1 },
    faults: [{ field: "faceAmount", rows: 1, line: 3 }],
    rows: [
      { line: 2, cells: { Parcel: "P-1", Amount: "150" }, lien: { faceAmount: "150" } },
      { line: 3, lien: null },
    ],
  });
  expect(await dump()).toEqual(before);
  expect(await ingest("sample-az")).toMatchObject({ result: { created: 1, updated: 1, failed: 2, notListed: 1 } });
});

it("a county that does not exist yet is previewed with a source and a rule set; faults name their field", async () => {
  const source = { kind: "csv", url: serve("P,A\n1,2\n"), fields: { parcelId: "P", faceAmount: "A" } };
  const given = { source: { ...source, constants: { taxYear: "2026" } }, ruleSet: "arizona" };
  expect((await preview("new-az", given)).body).toMatchObject({ valid: 1, changes: { created: 1 } });
  expect((await preview("new-az")).body).toMatchObject({ errors: [{ field: "source" }, { field: "ruleSet" }] });
  expect((await preview("new-az", given.source)).status).toBe(400);
  const wrong = { ...given, source: { ...given.source, fields: { parcelId: "P", faceAmount: "Amount" } } };
  expect(await preview("new-az", wrong)).toMatchObject({
    status: 422,
    body: { detail: expect.stringContaining('has no column "Amount"') as string },
  });
  expect((await preview("new-az", { ...given, upload: "0".repeat(64) })).body).toMatchObject({
    errors: [{ field: "upload" }],
  });
});

const SAMPLES = [
  ["allen-in", "allen-in-tax-sale-2026.csv", { parcelId: "Parcel ID", faceAmount: "Minimum Bid" }],
  ["baltimore-md", "baltimore-md-tax-sale-2018.csv", { parcelId: "block_lot", faceAmount: "lien" }],
  [
    "coconino-az",
    "coconino-az-otc-tax-liens-2026.csv",
    { parcelId: "Parcel Number", faceAmount: "Lien Purchase Amount" },
  ],
] as const;

it.each(SAMPLES)("the list of %s: preview, ingestion, second run and undo agree", async (id, file, fields) => {
  const path = sample(`tax-liens/${file}`);
  if (!path) return;
  await aCounty(api.db, id, { url: serve(await readFile(path)), fields, constants: { taxYear: "2018" } });
  const before = await dump();
  const { body } = await preview(id);
  const first = await ingest(id);
  expect(first.result).toMatchObject({ created: body.changes.created, retrieved: body.read });
  expect((await preview(id)).body.changes).toMatchObject({
    created: 0,
    updated: 0,
    unchanged: body.valid,
    notListed: 0,
  });
  const second = await ingest(id);
  expect(second.result).toMatchObject({ created: 0, updated: 0, unchanged: body.valid });
  for (const { id: run } of [second, first]) {
    const [row] = await api.db.execute<{ id: number }>(
      sql`select id::integer from tax_liens.lien_ingestions where run_id = ${run}`,
    );
    const asked = await api.call<{ run: string }>("POST", `api/counties/${id}/ingestions/${row!.id}/undo`, {
      reason: "a test",
    });
    const undone = await api.runner.execute(asked.body.run);
    expect(undone).toMatchObject({ state: "succeeded", result: { removed: run === first.id ? body.valid : 0 } });
  }
  expect(await dump()).toEqual(before);
});
