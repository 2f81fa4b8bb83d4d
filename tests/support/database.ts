import { randomBytes } from "node:crypto";
import postgres from "postgres";
import { afterAll, inject } from "vitest";
import { connect, type Db } from "#data/client.ts";

/** A database for one test file on the PostgreSQL of the test run. */
export interface TestDatabase {
  url: string;
  /** Ends all connections and drops the database. */
  drop(): Promise<void>;
}

/**
 * Opens an empty migrated database. Call it at the top of a test file: it closes the connections and drops the database
 * after the `afterAll` hooks of the file.
 */
export async function openDatabase({ poolMax = 4 }: { poolMax?: number } = {}): Promise<{ url: string; db: Db }> {
  const { url, drop } = await migratedDatabase();
  const db = connect({ url, poolMax, idleMs: 60_000, tls: "disable", prepare: true });
  afterAll(async () => {
    await db.$client.end();
    await drop();
  });
  return { url, db };
}

/** An empty database. */
export async function createDatabase(): Promise<TestDatabase> {
  return databaseFrom("template1");
}

/** A migrated database without rows. */
export async function migratedDatabase(): Promise<TestDatabase> {
  return databaseFrom(inject("migratedTemplate"));
}

/**
 * A copy of another database on the same PostgreSQL, which is much faster than migrating an empty one.
 * @param template the name of that database, which must have no connections
 */
export async function databaseFrom(template: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString("hex")}`;
  const sql = server();
  await sql`CREATE DATABASE ${sql(name)} TEMPLATE ${sql(template)} STRATEGY file_copy`;
  return {
    url: urlOf(name),
    async drop() {
      await sql`DROP DATABASE IF EXISTS ${sql(name)} WITH (FORCE)`;
    },
  };
}

function urlOf(name: string): string {
  const url = new URL(inject("databaseServer"));
  url.pathname = `/${name}`;
  return url.href;
}

let connection: postgres.Sql | undefined;

/** One connection for all files of this worker: a new one for each command costs 15 CPU ms. */
function server(): postgres.Sql {
  connection ??= postgres(inject("databaseServer"), {
    max: 1,
    idle_timeout: 60,
    fetch_types: false,
    onnotice: () => undefined,
  });
  return connection;
}
