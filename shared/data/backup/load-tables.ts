import type postgres from "postgres";
import { connect, type DatabaseOptions } from "../client.ts";
import { copyIn, type Sources } from "../copy-in.ts";
import { quoteIdentifier, quoteQualifiedName } from "../identifier.ts";
import { appTables, copyTarget, fixSessionSettings, type SequenceValue, type Table } from "./app-tables.ts";

/** The tables and sequences of a backup. */
export interface Contents {
  readonly tables: readonly (Table & { readonly rows: number })[];
  readonly sequences: readonly SequenceValue[];
}

/** The backup cannot be loaded into this database; nothing was changed. */
export class LoadRefused extends Error {
  override name = "NotFillable";
}

/** Names of the tables with a row that no migration wrote. */
export async function usedTables(sql: postgres.ISql): Promise<string[]> {
  const used: string[] = [];
  for (const table of await appTables(sql)) {
    // Rows of a migration have the transaction id of its entry in the ledger of migrations.
    const [row] = await sql.unsafe(
      `select from ${quoteQualifiedName(table)} where xmin::text not in (select xmin::text from platform_migrations.__drizzle_migrations) limit 1`,
    );
    if (row) used.push(`${table.schema}.${table.name}`);
  }
  return used;
}

/**
 * Loads a backup into a migrated, unused database, in one transaction: everything or nothing. Rows of migrations are
 * replaced.
 * @param contentOf copies the rows of a table as COPY text; an error rolls everything back
 * @throws NotFillable
 */
export async function loadTables(
  database: DatabaseOptions,
  { tables, sequences }: Contents,
  contentOf: (table: Table, copy: (sources: Sources) => Promise<void>) => Promise<void>,
): Promise<void> {
  const client = connect({ ...database, poolMax: 1 }).$client;
  try {
    await client.begin(async (sql) => {
      await fixSessionSettings(sql);
      await lockEmptyTables(sql, tables);
      const restoreStatements = await dropConstraints(sql);
      for (const table of tables) {
        await contentOf(table, (sources) => copyIn(sql, copyTarget(table), sources));
        const [{ count } = {}] = await sql.unsafe<{ count: string }[]>(
          `select count(*) from ${quoteQualifiedName(table)}`,
        );
        if (Number(count) !== table.rows) {
          throw new LoadRefused(`${table.schema}.${table.name}: expected ${table.rows} rows, got ${count}.`);
        }
      }
      for (const statement of restoreStatements) await sql.unsafe(statement);
      for (const { schema, name, value, isCalled } of sequences) {
        await sql`select setval(${quoteQualifiedName({ schema, name })}::regclass, ${value}::bigint, ${isCalled})`;
      }
    });
  } finally {
    await client.end({ timeout: 5 });
  }
}

/** Locks all tables, so that nothing else writes to them, and deletes the rows of migrations. */
async function lockEmptyTables(sql: postgres.ISql, expected: readonly Table[]): Promise<void> {
  const tables = await appTables(sql);
  const have = new Map(tables.map((table) => [quoteQualifiedName(table), new Set(table.columns)]));
  const missing = expected.flatMap((table) => {
    const columns = have.get(quoteQualifiedName(table));
    if (!columns) return [`${table.schema}.${table.name}`];
    return table.columns
      .filter((column) => !columns.has(column))
      .map((column) => `${table.schema}.${table.name}.${column}`);
  });
  if (missing.length)
    throw new LoadRefused(`The database lacks tables or columns of the backup: ${missing.join(", ")}.`);
  if (!tables.length) return;
  const all = tables.map(quoteQualifiedName).join(", ");
  await sql.unsafe(`lock table ${all} in access exclusive mode`);
  const used = await usedTables(sql);
  if (used.length) throw new LoadRefused(`The database is in use: there are rows in ${used.join(", ")}.`);
  await sql.unsafe(`truncate ${all}`);
}

/** Drops foreign keys and disables triggers. @returns the statements that restore them and check the keys */
async function dropConstraints(sql: postgres.ISql): Promise<string[]> {
  const restoreStatements: string[] = [];
  const keys = await sql<{ schema: string; name: string; key: string; definition: string }[]>`
    select n.nspname as schema, c.relname as name, k.conname as key, pg_get_constraintdef(k.oid) as definition
      from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
     where k.contype = 'f' and k.conparentid = 0 and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'public')`;
  for (const { key, definition, ...table } of keys) {
    await sql.unsafe(`alter table ${quoteQualifiedName(table)} drop constraint ${quoteIdentifier(key)}`);
    restoreStatements.push(
      `alter table ${quoteQualifiedName(table)} add constraint ${quoteIdentifier(key)} ${definition}`,
    );
  }
  const triggers = await sql<{ schema: string; name: string; trigger: string }[]>`
    select n.nspname as schema, c.relname as name, t.tgname as trigger
      from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
     where not t.tgisinternal and t.tgenabled = 'O' and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'public')`;
  for (const { trigger, ...table } of triggers) {
    await sql.unsafe(`alter table ${quoteQualifiedName(table)} disable trigger ${quoteIdentifier(trigger)}`);
    restoreStatements.push(`alter table ${quoteQualifiedName(table)} enable trigger ${quoteIdentifier(trigger)}`);
  }
  return restoreStatements;
}
