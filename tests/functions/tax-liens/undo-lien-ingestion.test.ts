import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { getTableColumns, sql } from "drizzle-orm";
import type { PgTable } from "drizzle-orm/pg-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { valuesOf } from "#data/tax-liens/earlier-values.ts";
import { earlierLiens, earlierProperties } from "#data/tax-liens/earlier-values-schema.ts";
import { liens, properties } from "#data/tax-liens/tax-lien-schema.ts";
import { ingestCountyLiens } from "#functions/tax-liens/ingest-county-liens/index.ts";
import { pruneLienIngestions } from "#functions/tax-liens/prune-lien-ingestions.ts";
import { undoLienIngestion } from "#functions/tax-liens/undo-lien-ingestion/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { lockWait } from "#support/lock-wait.ts";
import { TestClock } from "#support/test-clock.ts";
import { type AdminApi, startAdminApi } from "../http/admin/admin-api.ts";
import { aCounty, type ListServer, startListServer } from "./fake-county-lists.ts";

const JOBS = [ingestCountyLiens, undoLienIngestion, pruneLienIngestions];
let database: TestDatabase;
let server: ListServer;
let api: AdminApi;
const clock = new TestClock("2026-03-10T09:00:00Z");
beforeAll(async () => {
  [database, server] = await Promise.all([migratedDatabase(), startListServer()]);
  api = startAdminApi(database.url, JOBS, { clock, env: { COUNTY_LISTS_LOOPBACK: "true" } });
});
afterAll(async () => {
  await api.close();
  await Promise.all([database.drop(), server.close()]);
});

const FIELDS = { parcelId: "Parcel", certificateNumber: "Certificate", faceAmount: "Amount", owner: "Owner" };
beforeEach(async () => {
  await aCounty(api.db, "sample-az", { url: `${server.origin}/liens`, fields: FIELDS });
});
afterEach(async () => {
  server.recover();
  await emptyTables(api.db, ["tax_liens.counties", "platform.job_runs", "platform.audit_log"]);
});

const FIRST = ["P-1,C-1,100.50,Ada", "P-2,C-2,200,Grace", "P-3,C-3,300,Edsger", "P-4,C-4,400,Barbara"];
/** C-1 has another amount and owner, C-2 another parcel, C-3 is missing, C-5 and C-6 are new. */
const SECOND = [
  "P-1,C-1,150,Ada L.",
  "P-9,C-2,200,Grace",
  "P-4,C-4,400,Barbara",
  "P-5,C-5,500,Alan",
  "P-6,C-6,600,Kurt",
];

/** Ingests a list of these rows on the next day. @returns the id of the ingestion */
async function ingest(...rows: readonly string[]): Promise<number> {
  server.files.set("/liens", {
    type: "text/csv",
    body: ["Parcel,Certificate,Amount,Owner", ...rows].map((row) => `${row}\n`).join(""),
  });
  clock.advance(86_400_000);
  const input = { countyId: "sample-az", acceptShrink: true };
  const { id } = await api.enqueuer.enqueue(ingestCountyLiens, { input, trigger: "manual", requestedBy: "a test" });
  expect(await api.runner.execute(id)).toMatchObject({ state: "succeeded" });
  const [row] = await api.db.execute<{ id: number }>(
    sql`select id::integer from tax_liens.lien_ingestions where run_id = ${id}`,
  );
  return row!.id;
}

const requestUndo = (ingestion: number, reason = "the wrong file", headers = {}) =>
  api.call<{ run: string; detail: string; errors: { field: string; reason: string }[] }>(
    "POST",
    `api/counties/sample-az/ingestions/${ingestion}/undo`,
    { reason },
    headers,
  );

async function undo(ingestion: number) {
  const { status, body } = await requestUndo(ingestion);
  expect(status, body.detail).toBe(202);
  return api.runner.execute(body.run);
}

/** All rows that an ingestion writes, but not its own record. */
async function dump(): Promise<string[]> {
  const rows = await api.db.execute<{ row: string }>(sql`
    select 'lien ' || t::text as row from tax_liens.liens t
    union all select 'property ' || t::text from tax_liens.properties t
    union all select 'county ' || t::text from tax_liens.counties t
    order by 1`);
  return [...rows].map(({ row }) => row);
}

async function keptValues(): Promise<number> {
  const [row] = await api.db.execute<{ n: number }>(sql`
    select ((select count(*) from tax_liens.earlier_liens) + (select count(*) from tax_liens.earlier_properties))::integer as n`);
  return row!.n;
}

it("each column of a lien and of a property is kept for an undo, or never changes", () => {
  const columns = (table: PgTable) => Object.values(getTableColumns(table)).map(({ name }) => name);
  const fixed = ["id", "county_id", "created_at"];
  expect([...valuesOf(earlierLiens), ...fixed, "tax_year", "identity"].sort()).toEqual(columns(liens).sort());
  expect([...valuesOf(earlierProperties), ...fixed, "parcel_id"].sort()).toEqual(columns(properties).sort());
});

it("an undo returns every row to what it was; ingestions are undone from the last to the first", async () => {
  const empty = await dump();
  const first = await ingest(...FIRST);
  const afterFirst = await dump();
  const unchanged = await ingest(...FIRST);
  expect(await undo(unchanged)).toMatchObject({
    state: "succeeded",
    result: { restored: 0, removed: 0, properties: 0 },
  });
  expect(await dump()).toEqual(afterFirst);

  const second = await ingest(...SECOND);
  expect(await undo(second)).toMatchObject({ result: { restored: 3, removed: 2, properties: 3 } });
  expect(await dump()).toEqual(afterFirst);
  expect(await undo(first)).toMatchObject({ result: { restored: 0, removed: 4, properties: 4 } });
  expect(await dump()).toEqual(empty);
  expect(await keptValues()).toBe(0);

  await ingest(...FIRST);
  expect((await dump()).length).toBe(afterFirst.length);
});

it("an undo is shown with its reason, audited once, and repeating it changes nothing", async () => {
  await ingest(...FIRST);
  const before = await dump();
  const second = await ingest(...SECOND);
  const key = { "idempotency-key": "one" };
  const asked = await requestUndo(second, "the wrong file", key);
  expect((await requestUndo(second, "the wrong file", key)).body).toMatchObject({ run: asked.body.run });
  const other = await requestUndo(second);
  expect(other.status).toBe(202);
  const ended = await Promise.all([asked, other].map(({ body }) => api.runner.execute(body.run)));
  const late = ended.findIndex((run) => run === undefined);
  if (late >= 0) ended[late] = await api.runner.execute([asked, other][late]!.body.run);
  expect(ended.map((run) => run?.state)).toEqual(["succeeded", "succeeded"]);
  expect(ended.filter((run) => run?.result?.undoneBefore === true)).toHaveLength(1);
  expect(await dump()).toEqual(before);
  const { body } = await api.call("GET", "api/counties/sample-az/ingestions?limit=1");
  expect(body).toMatchObject({
    ingestions: [{ id: second, state: "undone", undoReason: "the wrong file", canBeUndone: false }],
  });
  const audited = await api.db.execute(sql`select * from platform.audit_log where action = 'undo-ingestion'`);
  expect([...audited]).toMatchObject([{ subject: "county:sample-az", reason: "the wrong file" }]);
});

describe("an undo is refused with names when", () => {
  it("a later ingestion changed the liens, one is running, or it changed nothing itself", async () => {
    const first = await ingest(...FIRST);
    const second = await ingest(...SECOND);
    expect(await requestUndo(first)).toMatchObject({
      status: 409,
      body: { errors: [{ field: "ingestion", reason: `ingestion ${second} is later: undo it first` }] },
    });
    await api.db.execute(sql`
      insert into tax_liens.lien_ingestions (run_id, county_id, state, started_at)
      values (gen_random_uuid(), 'sample-az', 'running', now())`);
    expect((await requestUndo(second)).body.detail).toMatch(/^ingestion \d+ is running: wait for its end$/);
    await api.db.execute(sql`
      update tax_liens.lien_ingestions set state = 'failed', error = 'no list', finished_at = now()
       where state = 'running'`);
    const [failed] = await api.db.execute<{ id: number }>(
      sql`select id::integer from tax_liens.lien_ingestions where state = 'failed'`,
    );
    expect((await requestUndo(failed!.id)).body.detail).toBe(`ingestion ${failed!.id} failed and changed nothing`);
    expect((await requestUndo(failed!.id + 1)).status).toBe(404);
    expect((await requestUndo(second, "?")).body.errors).toMatchObject([{ field: "reason" }]);
  });

  it("deals, decisions, documents or taxes depend on what it created or changed", async () => {
    await ingest(...FIRST);
    const second = await ingest(...SECOND);
    await api.db.execute(sql`
      with run as (
        insert into tax_liens.analysis_runs (id, run_id, definition, as_of, recipient, requested_by, created_at)
        values (gen_random_uuid(), gen_random_uuid(), '{}', '2026-03-20', 'operators', 'a test', now()) returning id
      )
      insert into tax_liens.deals (analysis_run_id, lien_id, rank, score, cost, metrics, status_at, created_at)
      select run.id, l.id, row_number() over (order by l.identity), 50, 100, '{}', '2026-06-01', '2026-06-01'
        from run, tax_liens.liens l where l.identity in ('C-1', 'C-4', 'C-5') order by l.identity`);
    await api.db.execute(sql`
      insert into tax_liens.decision_events (decision_id, analysis_run_id, deal_id, decision, reason, decided_by,
                                             from_status, run_id, position, at)
      select 'D-' || d.id, analysis_run_id, d.id, 'approved', 'good', 'user', 'candidate', gen_random_uuid(), 0, '2026-06-01'
        from tax_liens.deals d join tax_liens.liens l on l.id = d.lien_id where l.identity = 'C-5'`);
    await api.db.execute(sql`
      insert into tax_liens.documents (id, template, lien_id, recipient, requested_by, created_at)
      select gen_random_uuid(), 'deal_memo', id, 'operators', 'a test', '2026-06-01' from tax_liens.liens where identity = 'C-3'`);
    await api.db.execute(sql`
      insert into tax_liens.subsequent_taxes select id, '2026-04-01', 10 from tax_liens.liens where identity = 'C-6'`);
    const before = await dump();
    const { status, body } = await requestUndo(second);
    expect(status).toBe(409);
    expect(body.errors.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^deals .*: 2 \(deal \d+ on C-1, deal \d+ on C-5\)$/),
      expect.stringMatching(/^decisions .*: 1 \(decision D-\d+ on C-5\)$/),
      expect.stringMatching(/^documents .*: 1 \(document [\da-f-]+ about C-3\)$/),
      expect.stringMatching(/^subsequent taxes .*: 1 \(tax of 2026-04-01 on C-6\)$/),
    ]);
    expect(await dump()).toEqual(before);
  });

  it("the days in which it can be undone have passed, and the kept values are gone", async () => {
    await ingest(...FIRST);
    const second = await ingest(...SECOND);
    expect(await keptValues()).toBeGreaterThan(0);
    clock.advance(40 * 86_400_000);
    const { id } = await api.enqueuer.enqueue(pruneLienIngestions, { input: {}, trigger: "manual", requestedBy: "t" });
    expect(await api.runner.execute(id)).toMatchObject({ result: { final: 2, deleted: 0 } });
    expect(await keptValues()).toBe(0);
    expect((await requestUndo(second)).body.detail).toContain("are not kept any more (INGESTION_UNDO_DAYS)");
  });
});

it("a created property with a valuation stays", async () => {
  const first = await ingest(...FIRST);
  await api.db.execute(sql`
    insert into tax_liens.property_valuations (property_id, provider, day, value, state, created_at)
    select id, 'appraisal', '2026-03-01', 1000, 'valued', now() from tax_liens.properties where parcel_id = 'P-2'`);
  expect(await undo(first)).toMatchObject({ result: { removed: 4, properties: 3 } });
});

it("a merge that becomes ready during an undo waits for it, then merges into what was restored", async () => {
  await ingest(...FIRST);
  const second = await ingest(...SECOND);
  const { body } = await requestUndo(second);
  const undone = api.runner.execute(body.run);
  const ingested = ingest(...FIRST, "P-7,C-7,700,Emmy");
  await Promise.all([undone, ingested]);
  const states = await api.db.execute<{ state: string }>(sql`select state from tax_liens.lien_ingestions order by id`);
  const open = await api.db.execute<{ identity: string }>(
    sql`select identity from tax_liens.liens where status = 'available' order by identity`,
  );
  expect([...open].map(({ identity }) => identity)).toEqual(["C-1", "C-2", "C-3", "C-4", "C-7"]);
  // The ingestion began before the undo looked, or after it.
  expect(["undone", "succeeded"]).toContain([...states][1]!.state);
});

it("killed in the middle, an undo has changed nothing, and its next attempt completes it", async () => {
  await ingest(...FIRST);
  const afterFirst = await dump();
  const second = await ingest(...SECOND);
  const afterSecond = await dump();
  const { body } = await requestUndo(second);
  // The undo restores liens and waits for this one, which it has to delete.
  const held = Promise.withResolvers<undefined>();
  const isHeld = Promise.withResolvers<undefined>();
  const holding = api.db.transaction(async (tx) => {
    await tx.execute(sql`select from tax_liens.liens where identity = 'C-6' for update`);
    isHeld.resolve(undefined);
    await held.promise;
  });
  await isHeld.promise;
  const script = join(import.meta.dirname, "undo-process.ts");
  const child = spawn(process.execPath, [script, database.url, body.run, clock.now().toISOString()], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  await lockWait(api.db);
  child.kill("SIGKILL");
  await once(child, "exit");
  held.resolve(undefined);
  await holding;
  expect(await dump()).toEqual(afterSecond);

  await api.db.execute(
    sql`update platform.job_runs set lease_expires_at = now() - interval '1 second' where state = 'running'`,
  );
  expect(await api.runner.rescueExpiredRuns()).toMatchObject({ retrying: 1 });
  clock.advance(3_600_000);
  expect(await api.runner.execute(body.run)).toMatchObject({ state: "succeeded", attempt: 2 });
  expect(await dump()).toEqual(afterFirst);
});

it("while an ingestion reads its list, an undo is refused; a run that was queued before is cancelled", async () => {
  await ingest(...FIRST);
  const second = await ingest(...SECOND);
  const { body } = await requestUndo(second);
  const slow = await startListServer();
  slow.fail({ kind: "stall", times: 1 });
  slow.files.set("/liens", { type: "text/csv", body: "Parcel,Certificate,Amount,Owner\n" });
  await aCounty(api.db, "sample-az", { url: `${slow.origin}/liens`, fields: FIELDS });
  const input = { countyId: "sample-az" };
  const { id } = await api.enqueuer.enqueue(ingestCountyLiens, { input, trigger: "manual", requestedBy: "a test" });
  const reading = api.runner.execute(id);
  while ((await api.db.execute(sql`select from tax_liens.lien_ingestions where state = 'running'`)).length === 0)
    await setTimeout(20);
  const before = await dump();
  expect(await requestUndo(second)).toMatchObject({ status: 409 });
  const ended = await api.runner.execute(body.run);
  expect(ended?.state).not.toBe("succeeded");
  expect(JSON.stringify(ended)).toMatch(/ingestion \d+ is running: wait for its end/);
  expect(await dump()).toEqual(before);
  await slow.close();
  await reading;
});
