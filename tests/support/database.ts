import { randomBytes } from "node:crypto";
import postgres from "postgres";
import { afterAll, inject } from "vitest";
import { connect, type Db } from "#data/client.ts";

/** A database of a test file's own on the run's PostgreSQL. */
export interface TestDatabase {
  url: string;
  /** Ends what is still connected and deletes the database. */
  drop(): Promise<void>;
}

/**
 * A database with all tables and no rows, and the connections of the tests to it. Call it at the top of a test file: after the file's
 * own `afterAll` both are gone.
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

/** A database with all tables and no rows. */
export async function migratedDatabase(): Promise<TestDatabase> {
  return databaseFrom(inject("migratedTemplate"));
}

/**
 * A copy of another database of the run's PostgreSQL, which is much faster than migrating an empty one.
 *
 * @param template its name; nobody may be connected to it meanwhile
 */
export async function databaseFrom(template: string): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString("hex")}`;
  await onServer((sql) => sql`CREATE DATABASE ${sql(name)} TEMPLATE ${sql(template)}`);
  return {
    url: urlOf(name),
    async drop() {
      await onServer((sql) => sql`DROP DATABASE IF EXISTS ${sql(name)} WITH (FORCE)`);
    },
  };
}

function urlOf(name: string): string {
  const url = new URL(inject("databaseServer"));
  url.pathname = `/${name}`;
  return url.href;
}

async function onServer(command: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
  const sql = postgres(inject("databaseServer"), { max: 1, onnotice: () => undefined });
  try {
    await command(sql);
  } finally {
    await sql.end();
  }
}
