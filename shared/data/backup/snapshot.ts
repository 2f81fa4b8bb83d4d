import type { Readable } from "node:stream";
import type postgres from "postgres";
import { connect, type DatabaseOptions } from "../client.ts";
import { quoteQualifiedName } from "../identifier.ts";
import { appliedMigrations } from "../migration-ledger.ts";
import { copyTarget, appSequences, appTables, type SequenceValue, fixSessionSettings, type Table } from "./app-tables.ts";

/** The database as it was at one moment, while others go on writing. */
export interface Snapshot {
  readonly takenAt: Date;
  readonly migrations: readonly string[];
  readonly tables: readonly Table[];
  readonly sequences: readonly SequenceValue[];
  /** A table's rows as COPY text, one line each. Read it to its end before the next. */
  rows(table: Table): Promise<Readable>;
}

/**
 * Takes a snapshot for the time of `work`, on a connection of its own: the pool may hold no more than the one that the
 * heartbeat needs.
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
        // A table that was read in part blocks the connection, and with it the rollback: the end of the connection is one too.
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

async function snapshotOf(sql: postgres.ISql): Promise<Snapshot> {
  await fixSessionSettings(sql);
  const tables = await appTables(sql);
  // Against TRUNCATE and changes of the schema, which a snapshot does not hide. Writers are not held up.
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

async function copyOut(sql: postgres.ISql, table: Table): Promise<Readable> {
  const rows = await sql.unsafe(`copy ${copyTarget(table)} to stdout`).readable();
  // The driver pauses its socket when the reader is slow, and resumes it when more is read. If the last rows found it slow,
  // nobody reads more, and the connection would stay deaf to every statement after this one.
  rows.once("end", () => {
    rows._read(0);
  });
  return rows;
}
