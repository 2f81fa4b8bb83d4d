import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ingestCountyLiens } from "#functions/tax-liens/ingest-county-liens/index.ts";
import { startTestStorage, type TestStorage } from "#support/blob-storage.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { aCounty } from "../../tax-liens/fake-county-lists.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

let database: TestDatabase;
let storage: TestStorage;
let api: AdminApi;
beforeAll(async () => {
  [database, storage] = await Promise.all([migratedDatabase(), startTestStorage()]);
  const env = { AzureWebJobsStorage: storage.connectionString };
  api = startAdminApi(database.url, [ingestCountyLiens], { env });
});
afterAll(async () => {
  await api.close();
  await Promise.all([database.drop(), storage.stop()]);
});
beforeEach(async () => {
  await aCounty(api.db, "sample-az", { upload: true }, { name: "Sample County" });
});
afterEach(async () => {
  await emptyTables(api.db, ["tax_liens.counties", "platform.job_runs", "platform.audit_log"]);
  await Promise.all([storage.clear("county-lists"), storage.clear("lien-rejects")]);
});

const LIST = Buffer.from("Parcel,Certificate,Amount\nP-1,C-1,100\nP-2,C-2,200\nP-3,C-3,x\n");
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

interface Uploaded {
  readonly list: { readonly blob: string; readonly sha256: string; readonly contentType: string };
  readonly isNew: boolean;
  readonly run: { readonly id: string } | null;
  readonly detail: string;
}
const upload = (
  bytes: Uint8Array,
  headers: Record<string, string> = { "content-type": "text/csv" },
  id = "sample-az",
) => api.call<Uploaded>("POST", `api/counties/${id}/lists`, bytes, headers);

describe("an uploaded list", () => {
  it("is stored under the county by its SHA-256, ingested by a run, and the same bytes again create nothing", async () => {
    const first = await upload(LIST);
    const blob = `sample-az/uploads/${sha256(LIST)}.csv`;
    expect(first).toMatchObject({ status: 201, body: { isNew: true, list: { blob, sha256: sha256(LIST) } } });
    expect(await storage.blobs("county-lists")).toEqual(new Map([[blob, LIST]]));
    expect(await api.runner.execute(first.body.run!.id)).toMatchObject({ result: { created: 2, failed: 1 } });

    const again = await upload(LIST);
    expect(again).toMatchObject({ status: 200, body: { isNew: false, list: { blob } } });
    expect(await api.runner.execute(again.body.run!.id)).toMatchObject({ result: { created: 0, unchanged: 2 } });
    expect((await storage.blobs("county-lists")).size).toBe(1);
    const { body } = await api.call<{ lists: unknown[] }>("GET", "api/counties/sample-az/lists");
    expect(body.lists).toHaveLength(1);
  });

  it("is recognised as gzip by its bytes, whatever its content type says", async () => {
    const { body } = await upload(gzipSync(LIST), { "content-type": "application/octet-stream" });
    expect(body.list).toMatchObject({ contentType: "application/gzip" });
    expect(body.list.blob).toMatch(/\.csv\.gz$/);
  });

  it("replaces the one before: the next ingestion reads the newest", async () => {
    const first = await upload(LIST);
    await api.runner.execute(first.body.run!.id);
    api.clock.advance(60_000);
    const second = await upload(Buffer.from("Parcel,Certificate,Amount\nP-1,C-1,150\nP-2,C-2,200\n"));
    expect(await api.runner.execute(second.body.run!.id)).toMatchObject({ result: { updated: 1, unchanged: 1 } });
  });

  it("of a county with another source is stored and not ingested", async () => {
    await aCounty(api.db, "other-az", { url: "https://county.example/liens.csv" });
    expect(await upload(LIST, { "content-type": "text/csv" }, "other-az")).toMatchObject({
      status: 201,
      body: { run: null },
    });
  });
});

describe("an upload is refused when", () => {
  it.each([
    ["it is empty", Buffer.alloc(0), { "content-type": "text/csv" }, 400, "body: expected a file, got nothing"],
    ["the host has dropped a chunked body", Buffer.alloc(0), { "transfer-encoding": "chunked" }, 411, "Content-Length"],
    ["it ends early", LIST, { "content-type": "text/csv", "content-length": "500" }, 400, "of 500 bytes"],
    ["it is too large", LIST, { "content-type": "text/csv", "content-length": "67108865" }, 413, "67108864"],
    ["it is JSON", LIST, { "content-type": "application/json" }, 415, "expected text/csv"],
    [
      "it is a spreadsheet",
      Buffer.from("PK\u0003\u0004…"),
      { "content-type": "text/csv" },
      400,
      "an .xlsx: save it as CSV",
    ],
  ])("%s", async (_, bytes, headers, status, detail) => {
    const answer = await upload(bytes, headers);
    expect(answer.status, answer.body.detail).toBe(status);
    expect(answer.body.detail).toContain(detail);
    expect((await storage.blobs("county-lists")).size).toBe(0);
  });

  it("there is no such county", async () => {
    expect((await upload(LIST, { "content-type": "text/csv" }, "none-az")).status).toBe(404);
  });
});

it("a county that waits for its first upload is left out by night, and a run of it names the cure", async () => {
  const { id } = await api.enqueuer.enqueue(ingestCountyLiens, { input: {}, trigger: "manual", requestedBy: "a test" });
  expect(await api.runner.execute(id)).toMatchObject({ result: { counties: 0 } });
  const { status, body } = await api.call<{ detail: string }>("POST", "api/admin/jobs/ingest_county_liens/run", {
    countyId: "sample-az",
  });
  expect([status, body.detail]).toEqual([400, expect.stringContaining("POST api/counties/sample-az/lists")]);
});
