import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readMigrationFiles } from "drizzle-orm/migrator";
import type postgres from "postgres";

/** The hashes of the migrations that a database has, oldest first. Empty for a database that was never migrated. */
export async function appliedMigrations(sql: postgres.ISql): Promise<string[]> {
  const [ledger] = await sql`select to_regclass('platform_migrations.__drizzle_migrations') as name`;
  if (!ledger?.name) return [];
  const rows = await sql<{ hash: string }[]>`
    select hash from platform_migrations.__drizzle_migrations order by created_at, id`;
  return rows.map(({ hash }) => hash);
}

/** The hashes of the migrations in a folder, oldest first. */
export function migrationsIn(folder: string): string[] {
  return readMigrationFiles({ migrationsFolder: folder }).map(({ hash }) => hash);
}

/**
 * Whether the two lists differ in a migration that both have. Otherwise one continues the other: a database that is
 * behind, or one that a newer version migrated.
 */
export function haveDiverged(applied: readonly string[], known: readonly string[]): boolean {
  return applied.slice(0, known.length).some((hash, index) => hash !== known[index]);
}

/** Runs `work` with a temporary folder that holds the first `count` migrations of `folder`. */
export async function withFirstMigrations<T>(
  folder: string,
  count: number,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const part = await mkdtemp(join(tmpdir(), "rota-migrations-"));
  try {
    await cp(folder, part, { recursive: true });
    const file = join(part, "meta/_journal.json");
    const journal = JSON.parse(await readFile(file, "utf8")) as { entries: unknown[] };
    await writeFile(file, JSON.stringify({ ...journal, entries: journal.entries.slice(0, count) }));
    return await work(part);
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}
