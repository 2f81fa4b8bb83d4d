import { and, asc, eq, gt, inArray, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { counties, type County, liens } from "./tax-lien-schema.ts";
import { uploadedLists } from "./uploaded-list-schema.ts";

export type CountyConfiguration = Pick<
  County,
  "id" | "name" | "state" | "active" | "timeZone" | "source" | "ruleSet" | "rules"
>;

/** Creates or updates a county. @returns the county before; undefined for a new one */
export async function saveCounty(tx: Tx, county: CountyConfiguration, now: Date): Promise<County | undefined> {
  const [before] = await tx.select().from(counties).where(eq(counties.id, county.id)).for("update");
  const { id: _, ...changed } = { ...county, updatedAt: now };
  await tx
    .insert(counties)
    .values({ ...county, createdAt: now, updatedAt: now })
    .onConflictDoUpdate({ target: counties.id, set: changed });
  return before;
}

export async function findCounty(db: Executor, id: string): Promise<County | undefined> {
  const [found] = await db.select().from(counties).where(eq(counties.id, id));
  return found;
}

/**
 * Locks a county for the rest of the transaction. Whatever changes its liens holds this lock. New ingestions can begin
 * meanwhile. @returns undefined when it does not exist
 */
export async function lockCounty(tx: Tx, id: string): Promise<County | undefined> {
  const [found] = await tx.select().from(counties).where(eq(counties.id, id)).for("no key update");
  return found;
}

/** The existing counties among the ids. */
export async function findCounties(db: Executor, ids: readonly string[]): Promise<County[]> {
  return ids.length
    ? db
        .select()
        .from(counties)
        .where(inArray(counties.id, [...ids]))
    : [];
}

/** By id. @param after the id after which the page begins */
export async function listCounties(
  db: Executor,
  { after = "", limit }: { after?: string | undefined; limit: number },
): Promise<County[]> {
  return db.select().from(counties).where(gt(counties.id, after)).orderBy(asc(counties.id)).limit(limit);
}

/** The ids of the counties whose list is ingested every day: not those that wait for their first upload. */
export async function activeCounties(db: Executor): Promise<string[]> {
  const waits = sql`${counties.source} ? 'upload'
    and not exists (select from ${uploadedLists} where ${uploadedLists.countyId} = ${counties.id})`;
  const found = await db
    .select({ id: counties.id })
    .from(counties)
    .where(and(eq(counties.active, true), sql`not (${waits})`))
    .orderBy(counties.id);
  return found.map(({ id }) => id);
}

/** The counties among the ids whose list has an address in the internet, not a blob. */
export async function countiesWithUrl(db: Executor, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const found = await db
    .select({ id: counties.id })
    .from(counties)
    .where(and(inArray(counties.id, [...ids]), sql`${counties.source} ->> 'url' is not null`));
  return new Set(found.map(({ id }) => id));
}

/** The ids of the active counties that have an available lien. */
export async function countiesWithAvailableLiens(db: Executor): Promise<string[]> {
  const rows = await db.execute<{ id: string }>(sql`
    select id from ${counties} as county
     where active
       and exists (select from ${liens} where county_id = county.id and status = 'available')
     order by id limit 500`);
  return [...rows].map(({ id }) => id);
}

/** Records the size of an ingested list, which the next list is compared with. */
export async function markIngested(tx: Tx, id: string, lastRows: number, asOf: Date): Promise<void> {
  await tx
    .update(counties)
    .set({ lastRows, lastIngestedAt: sql`greatest(${counties.lastIngestedAt}, ${asOf.toISOString()}::timestamptz)` })
    .where(eq(counties.id, id));
}

/** The active counties with the time of their last whole list; null without one. */
export async function lastIngestions(
  db: Executor,
): Promise<Pick<County, "id" | "timeZone" | "createdAt" | "lastIngestedAt">[]> {
  const { id, timeZone, createdAt, lastIngestedAt } = counties;
  return db.select({ id, timeZone, createdAt, lastIngestedAt }).from(counties).where(eq(counties.active, true));
}
