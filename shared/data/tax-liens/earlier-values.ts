import { getTableColumns, type SQL, sql } from "drizzle-orm";
import type { PgTable } from "drizzle-orm/pg-core";
import type { Tx } from "../client.ts";
import { earlierLiens, earlierProperties } from "./earlier-values-schema.ts";
import type { CountyBefore } from "./ingestion-schema.ts";
import { type County, liens, properties } from "./tax-lien-schema.ts";

/** What an undo needs besides the earlier values. Call it under the lock of the county, before the merge. */
export async function countyBefore(
  tx: Tx,
  { lastRows, lastIngestedAt }: Pick<County, "lastRows" | "lastIngestedAt">,
): Promise<CountyBefore> {
  // Ids ascend, and only the holder of the county's lock inserts its rows: greater ids of the county are new.
  const [last] = await tx.execute<{ lienId: number; propertyId: number }>(sql`
    select coalesce((select max(id) from ${liens}), 0)::float8 as "lienId",
           coalesce((select max(id) from ${properties}), 0)::float8 as "propertyId"`);
  return { ...last!, lastRows, lastIngestedAt: lastIngestedAt?.toISOString() ?? null };
}

/** A statement that keeps the values of some liens. @param which a condition on `l`, with further sources before it */
export function keepLiens(ingestionId: number, which: SQL): SQL {
  const columns = valuesOf(earlierLiens);
  return sql`
    insert into ${earlierLiens} (ingestion_id, id, ${list(columns)})
    select ${ingestionId}::bigint, l.id, ${list(columns, "l")} from ${liens} l ${which}`;
}

/** Keeps the values of the properties of changed liens. */
export async function keepProperties(tx: Tx, ingestionId: number, countyId: string): Promise<void> {
  const columns = valuesOf(earlierProperties);
  await tx.execute(sql`
    insert into ${earlierProperties} (ingestion_id, id, ${list(columns)})
    select ${ingestionId}::bigint, p.id, ${list(columns, "p")} from ${properties} p
     where p.county_id = ${countyId} and p.parcel_id in (select parcel_id from changed_liens)`);
}

/**
 * Gives liens or properties their values before an ingestion, at most `limit` per call, and deletes the kept values.
 * @returns the number of kept rows that it took
 */
export async function restoreValues(
  tx: Tx,
  what: "liens" | "properties",
  ingestionId: number,
  limit: number,
): Promise<number> {
  const [table, earlier] = what === "liens" ? [liens, earlierLiens] : [properties, earlierProperties];
  const columns = valuesOf(earlier);
  const [row] = await tx.execute<{ taken: number }>(sql`
    with next as (
      delete from ${earlier} where ingestion_id = ${ingestionId} and id in (
        select id from ${earlier} where ingestion_id = ${ingestionId} order by id limit ${limit})
      returning *
    ), restored as (
      update ${table} as current set (${list(columns)}) = row(${list(columns, "next")}) from next
       where current.id = next.id and (${list(columns, "current")}) is distinct from (${list(columns, "next")})
    )
    select count(*)::integer as taken from next`);
  return row?.taken ?? 0;
}

/** The names of the kept columns. */
export function valuesOf(earlier: PgTable): string[] {
  return Object.values(getTableColumns(earlier))
    .map(({ name }) => name)
    .filter((name) => name !== "ingestion_id" && name !== "id");
}

function list(columns: readonly string[], alias?: string): SQL {
  const prefix = alias === undefined ? sql`` : sql`${sql.identifier(alias)}.`;
  return sql.join(
    columns.map((column) => sql`${prefix}${sql.identifier(column)}`),
    sql`, `,
  );
}
