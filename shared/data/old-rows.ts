import { type SQL, sql } from "drizzle-orm";
import type { PgColumn, PgTable } from "drizzle-orm/pg-core";
import type { Executor, Tx } from "./client.ts";

/** Rows of a table that leave the database. */
export interface OldRows {
  readonly table: PgTable;
  /** The unique column that names a row. */
  readonly key: PgColumn;
  /** The instant from which a row's age counts. */
  readonly at: PgColumn;
  /** Which rows are old. The table has the alias `old`. */
  readonly where: SQL;
  /** The order in which rows leave, which an index has. Default: `at`, then `key`. */
  readonly order?: readonly PgColumn[];
  /** Rows of another table that leave with a row, as a field of its line. */
  readonly with?: { readonly name: string; readonly rows: SQL };
}

/** A row to archive. */
export interface OldRow {
  readonly id: string;
  /** The row's version: it changes with every write to the row. */
  readonly version: string;
  /** The instant from which its age counts, in ISO 8601. */
  readonly at: string;
  /** The whole row as one line of JSON, by the names of its columns. */
  readonly line: string;
}

/** The size of a batch. */
export interface OldRowsLimit {
  readonly rows: number;
  /** Total bytes of the lines. A single larger row still makes a batch. */
  readonly bytes: number;
}

/** The next old rows, in their order. */
export async function readOldRows(db: Executor, old: OldRows, limit: OldRowsLimit): Promise<OldRow[]> {
  const line = old.with
    ? sql`(to_jsonb(old) || jsonb_build_object(${old.with.name}::text, ${old.with.rows}))::text`
    : sql`row_to_json(old)::text`;
  return db.execute<OldRow & Record<string, unknown>>(sql`
    with next as (
      select ${of(old.key)}::text as id, old.xmin::text as version,
             to_char(${of(old.at)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, ${line} as line,
             row_number() over (order by ${order(old)}) as position
        from ${old.table} as old where ${old.where} order by ${order(old)} limit ${limit.rows}
    ),
    weighed as (select *, sum(octet_length(line)) over (order by position) as bytes from next)
    select id, version, at, line from weighed where bytes <= ${limit.bytes} or position = 1 order by position`);
}

/**
 * Deletes archived rows. A row that changed since it was read, or is no longer old, stays.
 * @returns the number of deleted rows
 */
export async function deleteArchivedRows(
  tx: Tx,
  { table, key, where }: OldRows,
  rows: readonly Pick<OldRow, "id" | "version">[],
): Promise<number> {
  const archived = JSON.stringify(rows.map(({ id, version }) => ({ id, version })));
  const deleted = await tx.execute(sql`
    delete from ${table} as old
     using jsonb_to_recordset(${archived}::jsonb) as archived(id ${sql.raw(key.getSQLType())}, version text)
     where ${of(key)} = archived.id and old.xmin::text = archived.version and ${where}`);
  return deleted.count;
}

/** Deletes the next old rows, in their order, without an archive. @returns the number of deleted rows */
export async function deleteOldRows(tx: Tx, old: OldRows, limit: number): Promise<number> {
  const deleted = await tx.execute(sql`
    delete from ${old.table} where ${sql.identifier(old.key.name)} in (
      select ${of(old.key)} from ${old.table} as old
       where ${old.where} order by ${order(old)} limit ${limit} for update skip locked)`);
  return deleted.count;
}

function order({ key, at, order = [at, key] }: OldRows): SQL {
  return sql.join(order.map(of), sql`, `);
}

function of(column: PgColumn): SQL {
  return sql`old.${sql.identifier(column.name)}`;
}
