import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { confirmLeases, lostLease } from "#data/platform/run-leases.ts";
import { openDatabase } from "#support/database.ts";
import { aRun } from "#support/factories.ts";

// One connection: stored plans belong to it.
const { db } = await openDatabase({ poolMax: 1 });
const held = async () => {
  const { id } = await aRun(db, { state: "running", leaseHolder: "us", concurrencyKey: null });
  return { id, attempt: 1, holder: "us" };
};

it("leases of one run and of many are confirmed with one stored plan", async () => {
  const runs = [await held(), await held(), await held()];
  // PostgreSQL plans each of the first five calls and then compares.
  for (let n = 0; n < 10; n++) await db.transaction((tx) => confirmLeases(tx, [runs[n % 3]!]));
  await db.transaction((tx) => confirmLeases(tx, runs));
  const [plans] = await db.execute<{ stored: number }>(sql`
    select count(*)::integer as stored from pg_backend_memory_contexts
     where name = 'CachedPlan' and ident like '%locked%'`);
  expect(plans).toEqual({ stored: 1 });
});

it("a lost lease among many rejects the transaction and names its run", async () => {
  const [ours, lost] = [await held(), { ...(await held()), attempt: 2 }];
  const outcome = db.transaction((tx) => confirmLeases(tx, [ours, lost])).catch((error: unknown) => error);
  expect(lostLease(await outcome)).toBe(lost.id);
});
