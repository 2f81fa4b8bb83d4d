import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { beforeEach, expect, it } from "vitest";
import { pruneLienIngestions } from "#functions/tax-liens/prune-lien-ingestions.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { runJob } from "#support/run-job.ts";

const { db } = await openDatabase();
const asOf = "2026-03-10T08:30:00Z";
const prune = (settings = {}) => runJob(pruneLienIngestions, { db, asOf, settings });

beforeEach(async () => {
  await emptyTables(db, ["tax_liens.counties"]);
  await db.execute(sql`
    insert into tax_liens.counties (id, name, state, time_zone, source, rule_set, created_at, updated_at)
    select id, id, 'AZ', 'UTC', '{}', 'other', now(), now() from unnest('{one,two}'::text[]) id`);
});

/** An ingestion with one refused row. Without `endedDaysAgo` it is running. */
async function ingestion(county: string, state: string, endedDaysAgo: number | null): Promise<number> {
  const [row] = await db.execute<{ id: number }>(sql`
    insert into tax_liens.lien_ingestions (run_id, county_id, state, error, started_at, finished_at)
    values (${randomUUID()}, ${county}, ${state}, ${state === "failed" ? "no list" : null}, '2025-01-01',
            ${asOf}::timestamptz - make_interval(days => ${endedDaysAgo}::integer)) returning id::integer`);
  await db.execute(sql`
    insert into tax_liens.lien_rejects (ingestion_id, line, reasons, raw) values (${row!.id}, 1, '[]', 'raw')`);
  return row!.id;
}

async function left(): Promise<number[]> {
  const rows = await db.execute<{ id: number }>(sql`select id::integer from tax_liens.lien_ingestions order by id`);
  const rejects = await db.execute(sql`select from tax_liens.lien_rejects`);
  expect(rejects, "each refused row belongs to an ingestion").toHaveLength(rows.length);
  return rows.map(({ id }) => id);
}

it("deletes ingestions that ended over a year ago, with their refused rows, in batches", async () => {
  for (let n = 0; n < 150; n++) await ingestion("one", "succeeded", 400);
  const young = await ingestion("one", "succeeded", 364);
  expect((await prune()).result).toMatchObject({ deleted: 150 });
  expect(await left()).toEqual([young]);
  expect((await prune()).result).toMatchObject({ deleted: 0 });
});

it("keeps the last ingestion and the last success of each county, and running ones, of any age", async () => {
  await ingestion("one", "succeeded", 900);
  const success = await ingestion("one", "succeeded", 800);
  await ingestion("one", "failed", 700);
  const lastOfOne = await ingestion("one", "failed", 600);
  const running = await ingestion("two", "running", null);
  const lastOfTwo = await ingestion("two", "succeeded", 500);
  expect((await prune()).result).toMatchObject({ deleted: 2 });
  expect(await left()).toEqual([success, lastOfOne, running, lastOfTwo]);
});

it("a setting changes the age", async () => {
  await ingestion("one", "succeeded", 8);
  const kept = [await ingestion("one", "succeeded", 6), await ingestion("one", "succeeded", 5)];
  expect((await prune({ INGESTION_RETENTION_DAYS: "7" })).result).toMatchObject({ deleted: 1 });
  expect(await left()).toEqual(kept);
});
