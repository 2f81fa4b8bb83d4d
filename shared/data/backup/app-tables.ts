import type postgres from "postgres";
import { quoteIdentifier, quoteQualifiedName } from "../identifier.ts";

/** A table of the app, as a backup holds it. */
export interface Table {
  readonly schema: string;
  readonly name: string;
  /** In their order, without generated columns: the database computes those again. */
  readonly columns: readonly string[];
}

/** The state of a sequence; identity columns have one too. */
export interface SequenceValue {
  readonly schema: string;
  readonly name: string;
  /** As text: it can exceed the exact range of a JavaScript number. */
  readonly value: string;
  /** Whether `value` was returned by nextval: then the next value is one increment later. */
  readonly isCalled: boolean;
}

/**
 * Schemas of the app: all except those of the system, `public`, which extensions use, and the ledger of migrations,
 * which a migration writes again.
 */
const IS_OF_APP = String.raw`n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'public', 'platform_migrations')
  and not exists (select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'e')`;

/**
 * All tables of the app, by name; for a partitioned table its partitions. Unlogged tables are left out: their data is
 * temporary.
 */
export async function appTables(sql: postgres.ISql): Promise<Table[]> {
  return sql.unsafe<Table[]>(`
    select n.nspname as schema, c.relname as name,
           coalesce(json_agg(a.attname order by a.attnum) filter (where a.attname is not null), '[]') as columns
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
     where c.relkind = 'r' and c.relpersistence = 'p' and ${IS_OF_APP}
     group by 1, 2 order by 1, 2`);
}

/**
 * The state of all sequences of the app. Sequences are outside of snapshots; the values are never behind the snapshot.
 */
export async function appSequences(sql: postgres.ISql): Promise<SequenceValue[]> {
  const found = await sql.unsafe<{ schema: string; name: string }[]>(`
    select n.nspname as schema, c.relname as name
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'S' and ${IS_OF_APP} order by 1, 2`);
  const values: SequenceValue[] = [];
  for (const { schema, name } of found) {
    const [at] = await sql<{ value: string; isCalled: boolean }[]>`
      select last_value::text as value, is_called as "isCalled" from ${sql(schema)}.${sql(name)}`;
    values.push({ schema, name, ...at! });
  }
  return values;
}

/** The target of COPY: the table and its column names, so that the column order may differ. */
export function copyTarget(table: Table): string {
  // A table can have no columns to copy; an empty list is invalid SQL.
  const columns = table.columns.length ? ` (${table.columns.map(quoteIdentifier).join(", ")})` : "";
  return quoteQualifiedName(table) + columns;
}

/**
 * Makes the text form of values independent of the defaults of database and user, and disables timeouts for long
 * copies.
 */
export async function fixSessionSettings(sql: postgres.ISql): Promise<void> {
  await sql.unsafe(`
    set local datestyle to 'ISO, YMD'; set local intervalstyle to 'postgres'; set local timezone to 'UTC';
    set local extra_float_digits to 3; set local bytea_output to 'hex'; set local client_encoding to 'UTF8';
    set local statement_timeout to 0; set local lock_timeout to 0; set local idle_in_transaction_session_timeout to 0;
    set local row_security to off`);
}
