import type { Readable } from "node:stream";
import type postgres from "postgres";
import { connect, type DatabaseOptions } from "../client.ts";
import { quoteQualifiedName } from "../identifier.ts";
import { appliedMigrations } from "../migration-ledger.ts";
import {
  appSequences,
  appTables,
  copyTarget,
  fixSessionSettings,
  type SequenceValue,
  type Table,
} from "./app-tables.ts";

/** The database at one moment; others can keep writing. */
export interface Snapshot {
  readonly takenAt: Date;
  readonly migrations: readonly string[];
  readonly tables: readonly Table[];
  readonly sequences: readonly SequenceValue[];
  /** The rows of a table as COPY text, one line each. Read the stream to its end before the next call. */
  rows(table: Table): Promise<Readable>;
}

/**
 * Holds a snapshot while `work` runs. It opens its own connection: the pool can be as small as the one connection that
 * heartbeats need.
 */
export async function withSnapshot<T>(
  database: DatabaseOptions,
  signal: AbortSignal,
  work: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const client = connect({ ...database, poolMax: 1 }).$client;
  const cut = () => void client.end({ timeout: 0 });
  signal.addEventListener("abort", cut, { once: true });
  let failure: { readonly cause: unknown } | undefined;
  try {
    const result = await client.begin("isolation level repeatable read read only", async (sql) => {
      try {
        return await work(await snapshotOf(sql));
      } catch (cause) {
        failure = { cause };
        // A half-read table blocks the connection and its rollback. Closing the connection rolls back as well.
        cut();
        throw cause;
      }
    });
    return result as T;
  } catch (error) {
    signal.throwIfAborted();
    throw failure ? failure.cause : error;
  } finally {
    signal.removeEventListener("abort", cut);
    await client.end({ timeout: 5 });
  }
}

async function snapshotOf(sql: postgres.TransactionSql): Promise<Snapshot> {
  await fixSessionSettings(sql);
  const tables = await appTables(sql);
  // Blocks TRUNCATE and schema changes, which a snapshot does not hide. Writers are not blocked.
  if (tables.length) await sql.unsafe(`lock table ${tables.map(quoteQualifiedName).join(", ")} in access share mode`);
  const [moment] = await sql<{ takenAt: string }[]>`select now() as "takenAt"`;
  return {
    takenAt: new Date(moment!.takenAt),
    migrations: await appliedMigrations(sql),
    tables,
    sequences: await appSequences(sql),
    rows: (table) => copyOut(sql, table),
  };
}

async function copyOut(sql: postgres.TransactionSql, table: Table): Promise<Readable> {
  const rows = await sql.unsafe(`copy ${copyTarget(table)} to stdout`).readable();
  // The driver pauses its socket for a slow reader and resumes it on the next read. After the last rows there is no
  // next read, and the connection would never answer another statement.
  rows.once("end", () => {
    rows._read(0);
  });
  return rows;
}
