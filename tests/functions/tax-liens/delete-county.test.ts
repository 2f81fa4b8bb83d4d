import { createHash } from "node:crypto";
import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { deleteCounty } from "#functions/tax-liens/delete-county/index.ts";
import { ingestCountyLiens } from "#functions/tax-liens/ingest-county-liens/index.ts";
import { startTestStorage, type TestStorage } from "#support/blob-storage.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { type AdminApi, startAdminApi } from "../http/admin/admin-api.ts";
import { aCounty } from "./fake-county-lists.ts";

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
afterEach(async () => {
  await emptyTables(api.db, ["tax_liens.counties", "platform.job_runs", "platform.audit_log"]);
  await Promise.all([storage.clear("county-lists"), storage.clear("lien-rejects")]);
});

const LIST = Buffer.from("Parcel,Certificate,Amount\nP-1,C-1,100\nP-2,C-2,200\nP-3,C-3,x\n");

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
    await aCounty(api.db, "sample-az", { upload: true }, { name: "Sample County" });
    await aCounty(api.db, "kept-az", { upload: true });
    for (const id of ["sample-az", "kept-az"]) {
      const headers = { "content-type": "text/csv" };
      const { body } = await api.call<{ run: { id: string } }>("POST", `api/counties/${id}/lists`, LIST, headers);
      expect(await api.runner.execute(body.run.id)).toMatchObject({ state: "succeeded" });
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
      `kept-az/uploads/${createHash("sha256").update(LIST).digest("hex")}.csv`,
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
