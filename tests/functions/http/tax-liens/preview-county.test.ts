import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ingestCountyLiens } from "#functions/tax-liens/ingest-county-liens/index.ts";
import { undoLienIngestion } from "#functions/tax-liens/undo-lien-ingestion/index.ts";
import { countySourceSchema } from "#providers/county-lists/county-source.ts";
import { listRulesOf } from "#rules/tax-liens/list-rules.ts";
import { previewList } from "#services/tax-liens/preview-list.ts";
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
    faults: [{ field: "faceAmount", rows: 1, line: 3, lines: [3] }],
    rows: [
      { line: 2, cells: { Parcel: "P-1", Amount: "150" }, lien: { faceAmount: "150" } },
      { line: 3, lien: null },
    ],
  });
  expect(await dump()).toEqual(before);
  expect(await ingest("sample-az")).toMatchObject({ result: { created: 1, updated: 1, failed: 2, notListed: 1 } });
});

it("a list with too many rows that name no lien delists none, in a preview as in an ingestion", async () => {
  await aCounty(api.db, "unnamed-az", { url: serve("Parcel,Certificate,Amount\nP-1,C-1,100\nP-2,C-2,200\n") });
  await ingest("unnamed-az");
  serve(`Parcel,Certificate,Amount\nP-1,C-1,100\n${",,x\n".repeat(2_001)}`);
  const doubt = "2001 rows name no lien";
  expect((await preview("unnamed-az")).body).toMatchObject({ doubt, changes: { unchanged: 1, notListed: null } });
  expect(await ingest("unnamed-az")).toMatchObject({ result: { noneDelistedBecause: doubt, notListed: 0 } });
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

it("a file in the request is read instead of the list, plain or gzipped", async () => {
  await aCounty(api.db, "file-az", { url: "https://county.example/liens.csv" });
  const file = Buffer.from("Parcel,Certificate,Amount,Book\nP-1,C-1,100,7\n");
  for (const bytes of [file, gzipSync(file)]) {
    const { body } = await preview("file-az", { list: bytes.toString("base64") });
    expect(body).toMatchObject({ read: 1, valid: 1, unread: ["Book"], changes: { created: 1 } });
  }
  const list = file.toString("base64");
  expect((await preview("file-az", { list: "§" })).body).toMatchObject({ errors: [{ field: "list" }] });
  expect((await preview("file-az", { list, upload: "0".repeat(64) })).body).toMatchObject({
    errors: [{ field: "upload", reason: "expected either upload or list, got both" }],
  });
  const web = { kind: "html", url: "https://county.example/liens", fields: { parcelId: 1, faceAmount: 2, taxYear: 3 } };
  expect((await preview("file-az", { list, source: web })).body).toMatchObject({ errors: [{ field: "list" }] });
  expect((await preview("file-az", { list: "A".repeat(16 * 1024 * 1024) })).status).toBe(413);
});

it("a fault has its first five lines, and more than 100 rows are not shown", async () => {
  await aCounty(api.db, "faults-az", { url: serve(`Parcel,Certificate,Amount\n${"P-1,C-1,x\n".repeat(7)}`) });
  const { body } = await preview("faults-az", { rows: 1 });
  expect(body).toMatchObject({ faults: [{ rows: 7, line: 2, lines: [2, 3, 4, 5, 6] }] });
  expect((await preview("faults-az", { rows: 101 })).body).toMatchObject({ errors: [{ field: "rows" }] });
});

it.each([
  ["http://county.example/liens.csv", "expected https"],
  ["https://user:secret@county.example/liens.csv", "expected no user and no password in it"],
])("the address %s is refused before a request", async (url, reason) => {
  const source = { kind: "csv", url, fields: { parcelId: "P", faceAmount: "A" }, constants: { taxYear: "2026" } };
  const { status, body } = await preview("address-az", { source, ruleSet: "arizona" });
  expect([status, body.detail]).toEqual([400, expect.stringContaining(reason)]);
});

it("an address of a private network is refused, and nothing is fetched while the internet is closed", async () => {
  const source = { kind: "csv", fields: { parcelId: "Parcel", faceAmount: "Amount" }, constants: { taxYear: "2026" } };
  const given = { source: { ...source, url: "https://10.0.0.1/liens.csv" }, ruleSet: "arizona" };
  expect(await preview("address-az", given)).toMatchObject({
    status: 422,
    body: { detail: expect.stringContaining("10.0.0.1") as string },
  });

  const env = { COUNTY_LISTS_LOOPBACK: "true", ALLOW_INTERNET_SYNC: "false" };
  const closed = startAdminApi(database.url, [], { env });
  try {
    const url = serve("Parcel,Amount\n1,2\n");
    const [fetched, file] = [server.headers.length, Buffer.from("Parcel,Amount\n1,2\n").toString("base64")];
    const ask = (body: object) => closed.call("POST", "api/counties/new-az/preview", { ruleSet: "arizona", ...body });
    expect(await ask({ source: { ...source, url } })).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining("ALLOW_INTERNET_SYNC") as string },
    });
    expect(await ask({ source: { ...source, url }, list: file })).toMatchObject({ status: 200, body: { valid: 1 } });
    expect(server.headers).toHaveLength(fetched);
  } finally {
    await closed.close();
  }
});

it("a preview stops after its most rows, and does not count what is not listed", async () => {
  const url = serve("Parcel,Certificate,Amount\nP-1,C-1,100\nP-2,C-2,200\nP-3,C-3,300\n");
  const fields = { parcelId: "Parcel", certificateNumber: "Certificate", faceAmount: "Amount" };
  const source = countySourceSchema.parse({ kind: "csv", url, fields, constants: { taxYear: "2026" } });
  const county = { id: "long-az", source, rules: listRulesOf("arizona", {}) };
  const options = { year: 2026, shown: 1, signal: new AbortController().signal, mostRows: 2 };
  expect(await previewList(api.db, county, api.app.config, options)).toMatchObject({
    read: 2,
    stoppedAfter: "2 rows",
    changes: { created: 2, notListed: null },
  });
  const exact = await previewList(api.db, county, api.app.config, { ...options, mostRows: 3 });
  expect(exact).toMatchObject({ read: 3, stoppedAfter: null });
});

it("a preview ends at its deadline with what it has read, and fails when it has read nothing", async () => {
  const rows = Array.from({ length: 50_000 }, (_, n) => `P-${n},C-${n},100\n`).join("");
  const url = serve(`Parcel,Certificate,Amount\n${rows}`);
  const fields = { parcelId: "Parcel", certificateNumber: "Certificate", faceAmount: "Amount" };
  const source = countySourceSchema.parse({ kind: "csv", url, fields, constants: { taxYear: "2026" } });
  const county = { id: "slow-az", source, rules: listRulesOf("arizona", {}) };
  const deadline = new AbortController();
  const options = { year: 2026, shown: 1, signal: new AbortController().signal, deadline: deadline.signal };
  // The first rows are compared with the ledger: then the time is over.
  const db = new Proxy(api.db, {
    get(target, name) {
      if (name === "execute") deadline.abort();
      return Reflect.get(target, name) as unknown;
    },
  });
  const stopped = await previewList(db, county, api.app.config, options);
  expect(stopped).toMatchObject({ stoppedAfter: "25 seconds", changes: { notListed: null } });
  expect(stopped.read).toBeGreaterThanOrEqual(1_000);
  expect(stopped.read).toBeLessThan(50_000);
  await expect(previewList(api.db, county, api.app.config, options)).rejects.toThrow();
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
