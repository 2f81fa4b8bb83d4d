import { sql } from "drizzle-orm";
import type { Tx } from "../client.ts";
import type { OldRows } from "../old-rows.ts";
import { at } from "../sql-instant.ts";
import { earlierLiens, earlierProperties } from "./earlier-values-schema.ts";
import { lienIngestions } from "./ingestion-schema.ts";

/**
 * Ingestions that ended before an instant, with their refused rows. The last one of each county and its last success
 * are never old.
 */
export function oldIngestions(before: Date): OldRows {
  const later = sql`select from ${lienIngestions} as later where later.county_id = old.county_id and later.id > old.id`;
  const where = sql`old.finished_at < ${before.toISOString()}::timestamptz and exists (${later})
    and (old.state <> 'succeeded' or exists (${later} and later.state = 'succeeded'))`;
  return { table: lienIngestions, key: lienIngestions.id, at: lienIngestions.finishedAt, where };
}

/** Ends the time in which ingestions can be undone: those that ended before an instant. @returns their number */
export async function forgetEarlierValues(tx: Tx, before: Date, limit: number): Promise<number> {
  const { count } = await tx.execute(sql`
    update ${lienIngestions} set before = null where id in (
      select id from ${lienIngestions} where before is not null and finished_at < ${at(before)}
       order by finished_at limit ${limit} for update skip locked)`);
  return count;
}

/** Deletes kept values of ingestions that can no longer be undone. @returns the number of deleted rows */
export async function deleteForgottenValues(tx: Tx, limit: number): Promise<number> {
  let deleted = 0;
  for (const table of [earlierLiens, earlierProperties]) {
    const { count } = await tx.execute(sql`
      delete from ${table} where (ingestion_id, id) in (
        select e.ingestion_id, e.id from ${table} e
         where not exists (select from ${lienIngestions} i where i.id = e.ingestion_id and i.before is not null)
         limit ${limit})`);
    deleted += count;
  }
  return deleted;
}
