import type postgres from "postgres";
import { quoteIdentifier, quoteQualifiedName } from "../identifier.ts";

/** One table of ours, as a backup holds it. */
export interface Table {
  readonly schema: string;
  readonly name: string;
  /** In their order; computed ones are left out, since the database computes them again. */
  readonly columns: readonly string[];
}

/** Where a sequence stands; identity columns have one as well. */
export interface SequenceValue {
  readonly schema: string;
  readonly name: string;
  /** As text: it may be larger than a JavaScript number holds exactly. */
  readonly value: string;
  /** Whether `value` was handed out: then the next one is the one after. */
  readonly isCalled: boolean;
}

/**
 * Schemas of ours: all but the system's own, `public`, where extensions and strangers put their things, and the migrations'
 * ledger, which migrating writes anew.
 */
const IS_OURS = String.raw`n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'public', 'platform_migrations')
  and not exists (select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'e')`;

/** All tables of ours, by name; of a partitioned table its parts. What is unlogged holds nothing that is to be kept. */
export async function appTables(sql: postgres.ISql): Promise<Table[]> {
  return sql.unsafe<Table[]>(`
    select n.nspname as schema, c.relname as name,
           coalesce(json_agg(a.attname order by a.attnum) filter (where a.attname is not null), '[]') as columns
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
     where c.relkind = 'r' and c.relpersistence = 'p' and ${IS_OURS}
     group by 1, 2 order by 1, 2`);
}

/** Where all sequences of ours stand. They are no part of a snapshot: what is read is never behind it. */
export async function appSequences(sql: postgres.ISql): Promise<SequenceValue[]> {
  const found = await sql.unsafe<{ schema: string; name: string }[]>(`
    select n.nspname as schema, c.relname as name
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'S' and ${IS_OURS} order by 1, 2`);
  const values: SequenceValue[] = [];
  for (const { schema, name } of found) {
    const [at] = await sql<{ value: string; isCalled: boolean }[]>`
      select last_value::text as value, is_called as "isCalled" from ${sql(schema)}.${sql(name)}`;
    values.push({ schema, name, ...at! });
  }
  return values;
}

/** What COPY is told: the table and its columns by name, so that their order may differ. */
export function copyTarget(table: Table): string {
  // A table may have no columns to copy, and an empty list is no SQL.
  const columns = table.columns.length ? ` (${table.columns.map(quoteIdentifier).join(", ")})` : "";
  return quoteQualifiedName(table) + columns;
}

/** Makes texts of values independent of how the database or its user is set up, and lets long work take its time. */
export async function fixSessionSettings(sql: postgres.ISql): Promise<void> {
  await sql.unsafe(`
    set local datestyle to 'ISO, YMD'; set local intervalstyle to 'postgres'; set local timezone to 'UTC';
    set local extra_float_digits to 3; set local bytea_output to 'hex'; set local client_encoding to 'UTF8';
    set local statement_timeout to 0; set local lock_timeout to 0; set local idle_in_transaction_session_timeout to 0;
    set local row_security to off`);
}
