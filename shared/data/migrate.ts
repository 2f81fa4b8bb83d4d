import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import type { DatabaseOptions } from "./client.ts";

/** Any number: what counts is that every process takes the same. */
const MIGRATION_LOCK = 7_205_119;

/**
 * Brings the database to the newest schema; running it again changes nothing.
 * Processes that start together wait for each other.
 * @param url `postgres://…`
 * @param folder the folder of the numbered migrations
 * @param tls as for `connect`. Default: as the URL's `sslmode` says, none without one
 * @returns how many migrations were applied
 */
export async function applyMigrations(url: string, folder: string, tls?: DatabaseOptions["tls"]): Promise<number> {
  // One connection: the advisory lock belongs to a session, and the migrator must run in that very one.
  const client = postgres(url, {
    max: 1,
    onnotice: () => undefined,
    connect_timeout: 10,
    ...(tls && { ssl: tls === "disable" ? false : { rejectUnauthorized: tls === "verify" } }),
  });
  try {
    await client`select pg_advisory_lock(${MIGRATION_LOCK})`;
    const before = await appliedCount(client);
    await migrate(drizzle(client), { migrationsFolder: folder, migrationsSchema: "platform_migrations" });
    return (await appliedCount(client)) - before;
  } finally {
    await client.end();
  }
}

async function appliedCount(client: postgres.Sql): Promise<number> {
  const [table] = await client`select to_regclass('platform_migrations.__drizzle_migrations') as name`;
  if (!table?.name) return 0;
  const [row] = await client`select count(*)::int as count from platform_migrations.__drizzle_migrations`;
  return row?.count as number;
}
