import { and, eq, type SQL, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { inSteps } from "../in-steps.ts";
import { earlierLiens, earlierProperties } from "./earlier-values-schema.ts";
import { lienIngestions } from "./ingestion-schema.ts";
import { counties, type County, liens, properties } from "./tax-lien-schema.ts";
import { propertyValuations } from "./valuation-schema.ts";

const ROWS = 20_000;

/** Locks a county so that no ingestion of it can begin. @returns undefined when it does not exist */
export async function lockForDeletion(tx: Tx, id: string): Promise<County | undefined> {
  const [found] = await tx.select().from(counties).where(eq(counties.id, id)).for("update");
  return found;
}

/** The ids of the ingestions of a county that run. */
export async function runningIngestions(db: Executor, countyId: string): Promise<number[]> {
  const found = await db
    .select({ id: lienIngestions.id })
    .from(lienIngestions)
    .where(and(eq(lienIngestions.countyId, countyId), eq(lienIngestions.state, "running")));
  return found.map(({ id }) => id);
}

/** The deleted rows of a county. */
export interface DeletedCounty {
  readonly liens: number;
  readonly properties: number;
  readonly valuations: number;
  readonly ingestions: number;
}

/** Deletes a county with everything that belongs to it alone. Call it under the lock. */
export async function deleteCounty(tx: Tx, id: string): Promise<DeletedCounty> {
  const steps = (table: SQL, which: SQL) =>
    inSteps(ROWS, async (limit) => {
      const { count } = await tx.execute(sql`
        delete from ${table} where id in (select id from ${table} where ${which} limit ${limit})`);
      return count;
    });
  const ofCounty = sql`county_id = ${id}`;
  const ingestions = sql`(select id from ${lienIngestions} where ${ofCounty})`;
  for (const table of [earlierLiens, earlierProperties])
    await inSteps(ROWS, async (limit) => {
      const { count } = await tx.execute(sql`
        delete from ${table} where (ingestion_id, id) in (
          select ingestion_id, id from ${table} where ingestion_id in ${ingestions} limit ${limit})`);
      return count;
    });
  const goneLiens = await steps(sql`${liens}`, ofCounty);
  const [valuations] = await tx.execute<{ count: number }>(sql`
    select count(*)::integer as count from ${propertyValuations} v join ${properties} p on p.id = v.property_id
     where p.county_id = ${id}`);
  const goneProperties = await steps(sql`${properties}`, ofCounty);
  const { count } = await tx.execute(sql`delete from ${lienIngestions} where ${ofCounty}`);
  await tx.delete(counties).where(eq(counties.id, id));
  return { liens: goneLiens, properties: goneProperties, valuations: valuations!.count, ingestions: count };
}
