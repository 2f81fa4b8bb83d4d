import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { deleteCounty } from "#functions/tax-liens/delete-county/index.ts";
import { ingestCountyLiens } from "#functions/tax-liens/ingest-county-liens/index.ts";
import { startTestStorage, type TestStorage } from "#support/blob-storage.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { aCounty } from "../../tax-liens/fake-county-lists.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

let database: TestDatabase;
let storage: TestStorage;
let api: AdminApi;
beforeAll(async () => {
  [database, storage] = await Promise.all([migratedDatabase(), startTestStorage()]);
  const env = { AzureWebJobsStorage: storage.connectionString };
  api = startAdminApi(database.url, [ingestCountyLiens, deleteCounty], { env });
});
afterAll(async () => {
  await api.close();
  await Promise.all([database.drop(), storage.stop()]);
});
beforeEach(async () => {
  await aCounty(api.db, "sample-az", { upload: true }, { name: "Sample County" });
});
afterEach(async () => {
  await api.db.execute(sql`truncate tax_liens.counties, platform.job_runs, platform.audit_log cascade`);
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

describe("the deletion of a county", () => {
  const request = (body: object) =>
    api.call<{ run: string; detail: string; errors: { field: string; reason: string }[] }>(
      "POST",
      "api/counties/sample-az/delete",
      body,
    );
  const confirmed = { name: "Sample County", reason: "configured by mistake" };
  const count = async (table: string) =>
    (await api.db.execute<{ n: number }>(sql`select count(*)::integer as n from ${sql.raw(table)}`))[0]!.n;
  beforeEach(async () => {
    await aCounty(api.db, "kept-az", { upload: true });
    for (const id of ["sample-az", "kept-az"]) {
      const { body } = await upload(LIST, { "content-type": "text/csv" }, id);
      expect(await api.runner.execute(body.run!.id)).toMatchObject({ state: "succeeded" });
    }
  });

  it("removes its rows, uploads and reject files, and nothing of another county", async () => {
    await storage.put("county-lists", "sample-az/liens-of-an-operator.csv", LIST);
    const { status, body } = await request(confirmed);
    expect(status).toBe(202);
    expect(await api.runner.execute(body.run)).toMatchObject({
      state: "succeeded",
      result: { liens: 2, properties: 2, valuations: 0, ingestions: 1, blobs: 2 },
    });
    const tables = ["counties", "liens", "lien_ingestions", "lien_rejects", "uploaded_lists"];
    expect(await Promise.all(tables.map((name) => count(`tax_liens.${name}`)))).toEqual([1, 2, 1, 1, 1]);
    expect([...(await storage.blobs("county-lists")).keys()]).toEqual([
      `kept-az/uploads/${sha256(LIST)}.csv`,
      "sample-az/liens-of-an-operator.csv",
    ]);
    expect((await storage.blobs("lien-rejects")).size).toBe(1);
    const [audited] = await api.db.execute(sql`select * from platform.audit_log where action = 'delete-county'`);
    expect(audited).toMatchObject({ subject: "county:sample-az", reason: "configured by mistake" });
    expect((await request(confirmed)).status).toBe(404);
  });

  it("is refused without its name, a reason, while an ingestion runs, or when records depend on it", async () => {
    expect((await request({ ...confirmed, name: "sample" })).body.errors).toEqual([
      { field: "name", reason: 'expected "Sample County", as it has it' },
    ]);
    expect((await request({ name: "Sample County" })).body.errors).toMatchObject([{ field: "reason" }]);
    await api.db.execute(sql`
      insert into tax_liens.lien_ingestions (run_id, county_id, state, started_at)
      values (gen_random_uuid(), 'sample-az', 'running', now())`);
    await api.db.execute(sql`
      insert into tax_liens.documents (id, template, lien_id, recipient, requested_by, created_at)
      select gen_random_uuid(), 'deal_memo', id, 'operators', 'a test', now()
        from tax_liens.liens where county_id = 'sample-az'`);
    const { status, body } = await request(confirmed);
    expect(status).toBe(409);
    expect(body.errors.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^ingestion \d+ is running/),
      expect.stringMatching(/^documents that depend on its liens: 2 \(/),
    ]);
    expect(await count("tax_liens.liens")).toBe(4);
  });

  it("continues with the blobs after a crash, and spares a county that was created again", async () => {
    const { body } = await request(confirmed);
    await api.db.execute(sql`delete from tax_liens.liens where county_id = 'sample-az'`);
    await api.db.execute(sql`delete from tax_liens.properties where county_id = 'sample-az'`);
    await api.db.execute(sql`delete from tax_liens.lien_ingestions where county_id = 'sample-az'`);
    await api.db.execute(sql`delete from tax_liens.counties where id = 'sample-az'`);
    expect(await api.runner.execute(body.run)).toMatchObject({ result: { liens: 0, blobs: 2 } });

    await aCounty(api.db, "sample-az", { upload: true }, { name: "Sample County" });
    const again = await request(confirmed);
    await api.db.execute(sql`update tax_liens.counties set created_at = '2027-01-01' where id = 'sample-az'`);
    expect(await api.runner.execute(again.body.run)).toMatchObject({ result: { liens: 0, blobs: 0 } });
    expect(await count("tax_liens.counties")).toBe(2);
  });
});
