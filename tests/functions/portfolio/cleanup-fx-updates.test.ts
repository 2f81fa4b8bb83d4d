import { sql } from "drizzle-orm";
import { afterEach, expect, it } from "vitest";
import { listUpdates } from "#data/portfolio/exchange-rate-updates.ts";
import { cleanupFxUpdates } from "#functions/portfolio/cleanup-fx-updates.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { anUpdate } from "#support/factories.ts";
import { runJob } from "#support/run-job.ts";

const SUNDAY = "2026-04-05T01:15:00Z";

const { db } = await openDatabase();
afterEach(() => emptyTables(db, ["portfolio.exchange_rate_updates"]));

const left = async () => (await listUpdates(db, { limit: 10_000 })).map(({ id }) => id).reverse();

it("deletes rows that ended more than 90 days ago, to the millisecond", async () => {
  await anUpdate(db, { requestedAt: "2026-01-05T01:14:59.999Z" });
  const atTheLimit = await anUpdate(db, { requestedAt: "2026-01-05T01:15:00.000Z" });
  const young = await anUpdate(db, { requestedAt: "2026-04-01T00:00:00Z" });
  const { result } = await runJob(cleanupFxUpdates, { db, asOf: SUNDAY });
  expect(result).toEqual({ deleted: 1 });
  expect(await left()).toEqual([atTheLimit.id, young.id]);
});

it("keeps the last of each kind at any age", async () => {
  await anUpdate(db, { kind: "historical", requestedAt: "2020-01-01T00:00:00Z" });
  const lastHistorical = await anUpdate(db, { kind: "historical", requestedAt: "2020-02-01T00:00:00Z" });
  await anUpdate(db, { kind: "latest", requestedAt: "2020-03-01T00:00:00Z" });
  const lastLatest = await anUpdate(db, { kind: "latest", requestedAt: "2020-04-01T00:00:00Z" });
  const { result } = await runJob(cleanupFxUpdates, { db, asOf: SUNDAY });
  expect(result).toEqual({ deleted: 2 });
  expect(await left()).toEqual([lastHistorical.id, lastLatest.id]);

  const again = await runJob(cleanupFxUpdates, { db, asOf: SUNDAY });
  expect(again.result).toEqual({ deleted: 0 });
});

it("keeps a row that has not ended: its run may still write to it", async () => {
  const pending = await anUpdate(db, { state: "pending", requestedAt: "2020-01-01T00:00:00Z", finishedAt: null });
  const last = await anUpdate(db, { requestedAt: "2020-02-01T00:00:00Z" });
  await runJob(cleanupFxUpdates, { db, asOf: SUNDAY });
  expect(await left()).toEqual([pending.id, last.id]);
});

it("keepDays sets the age, and several batches are deleted to the end", async () => {
  await db.execute(sql`
    insert into portfolio.exchange_rate_updates (kind, state, requested_at, finished_at)
    select 'latest', 'succeeded', at, at from generate_series(1, 2500) n, lateral (select timestamptz '2026-03-01Z' + n * interval '1 s' as at) as moment`);
  const kept = await runJob(cleanupFxUpdates, { db, asOf: SUNDAY, input: { keepDays: 36 } });
  expect(kept.result).toEqual({ deleted: 0 });
  const { result } = await runJob(cleanupFxUpdates, { db, asOf: SUNDAY, input: { keepDays: 30 } });
  expect(result).toEqual({ deleted: 2_499 });
  expect(await left()).toHaveLength(1);
});

it.each([0, 4_000, 1.5])("keepDays %j is refused before there is a run", async (keepDays) => {
  await expect(runJob(cleanupFxUpdates, { db, asOf: SUNDAY, input: { keepDays } })).rejects.toThrow("keepDays");
});
