import { sql } from "drizzle-orm";
import { plainArray } from "#data/array-literal.ts";
import type { Db } from "#data/client.ts";

/**
 * Deletes the rows of the tables, and of all tables whose foreign keys reach them, as `truncate … cascade` does. That
 * takes ten times as long: it makes new files for each table and index.
 * @param tables with their schemas, such as "platform.job_runs"
 */
export async function emptyTables(db: Db, tables: readonly string[]): Promise<void> {
  const found = await db.execute<{ name: string }>(sql`
    with recursive reached(id) as (
      select name::regclass::oid from unnest(${plainArray(tables)}::text[]) name
      union select key.conrelid from pg_constraint key join reached on key.confrelid = reached.id and key.contype = 'f')
    select id::regclass::text as name from reached`);
  const statements = found.map(({ name }) => `delete from ${name}`).join(";\n");
  // Neither triggers nor foreign keys: the order of the tables is any, and some tables refuse a deletion.
  await db.transaction((tx) => tx.execute(sql.raw(`set local session_replication_role = replica;\n${statements}`)));
}
