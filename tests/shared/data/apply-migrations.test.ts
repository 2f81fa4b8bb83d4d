import { join } from "node:path";
import postgres from "postgres";
import { expect, onTestFinished, test } from "vitest";
import { applyMigrations, UnknownMigrations } from "#data/apply-migrations.ts";
import { createDatabase, migratedDatabase } from "#support/database.ts";

const MIGRATIONS = join(import.meta.dirname, "../../../shared/data/migrations");

test("a database with the migrations of an earlier development version is refused in one sentence, unchanged", async () => {
  const url = await opened(createDatabase());
  await addMigrations(url, ["a1", "b2", "c3"]);
  const refusal = applyMigrations(url, MIGRATIONS);
  await expect(refusal).rejects.toThrow(UnknownMigrations);
  await expect(refusal).rejects.toThrow(
    "the database has 3 migrations of an earlier development version, which this version cannot continue: " +
      "delete the folder .rota if it holds demo data only, or use an empty database",
  );
  expect(await onDatabase(url, (sql) => sql`select to_regclass('platform.job_runs') as table`)).toEqual([
    { table: null },
  ]);
});

test("a database that a newer version migrated stays unchanged", async () => {
  const url = await opened(migratedDatabase());
  await addMigrations(url, ["newer"]);
  expect(await applyMigrations(url, MIGRATIONS)).toBe(0);
});

test("a migration ends when another process holds the lock of migrations for too long", async () => {
  const url = await opened(createDatabase());
  await onDatabase(url, async (sql) => {
    await sql`select pg_advisory_lock(7205119)`;
    await expect(applyMigrations(url, MIGRATIONS, "disable", 200)).rejects.toMatchObject({ code: "55P03" });
  });
});

/** Records migrations that the folder does not have. */
async function addMigrations(url: string, hashes: readonly string[]): Promise<void> {
  await onDatabase(url, async (sql) => {
    await sql`create schema if not exists platform_migrations`;
    await sql`create table if not exists platform_migrations.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)`;
    for (const [index, hash] of hashes.entries()) {
      await sql`insert into platform_migrations.__drizzle_migrations (hash, created_at) values (${hash}, ${9e15 + index})`;
    }
  });
}

async function opened(database: Promise<{ url: string; drop(): Promise<void> }>): Promise<string> {
  const { url, drop } = await database;
  onTestFinished(drop);
  return url;
}

async function onDatabase<T>(url: string, work: (sql: postgres.Sql) => PromiseLike<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}
