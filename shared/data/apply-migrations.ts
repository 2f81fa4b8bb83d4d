import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import { tlsOfDatabaseUrl, usableDatabaseUrl } from "#settings/database-url.ts";
import type { DatabaseOptions } from "./client.ts";
import { socketOptions } from "./connection/driver-socket.ts";
import { appliedMigrations, haveDiverged, migrationsIn } from "./migration-ledger.ts";

/** Longest wait for another process that migrates, or for a lock of a table. */
const LOCK_LIMIT_MS = 600_000;

/** The key of the advisory lock; the same in every process, otherwise without a meaning. */
const MIGRATION_LOCK = 7_205_119;

/** The database was migrated by a version whose migrations this version replaced. Nothing was changed. */
export class UnknownMigrations extends Error {
  override name = "UnknownMigrations";
  constructor(applied: number) {
    super(
      `the database has ${applied} migrations of an earlier development version, which this version cannot continue: ` +
        "delete the folder .rota if it holds demo data only, or use an empty database",
    );
  }
}

/**
 * Migrates the database to the newest schema. A second call changes nothing; concurrent calls wait for each other.
 * @param url `postgres://…`
 * @param folder the folder of the numbered migrations
 * @param tls as for `connect`. Default: the URL's `sslmode`, without one no TLS
 * @param lockLimitMs longest wait for another process that migrates, or for a lock of a table. Default: 10 min
 * @returns how many migrations were applied
 * @throws UnknownMigrations
 */
export async function applyMigrations(
  url: string,
  folder: string,
  tls?: DatabaseOptions["tls"],
  lockLimitMs = LOCK_LIMIT_MS,
): Promise<number> {
  // One connection: the advisory lock belongs to its session, and the migrations run in the same session.
  const address = usableDatabaseUrl(url);
  const client = postgres(address, {
    max: 1,
    onnotice: () => undefined,
    ...socketOptions({ url: address, tls: tls ?? tlsOfDatabaseUrl(url) ?? "disable", prepare: true }),
  });
  try {
    await client`select set_config('lock_timeout', ${`${lockLimitMs}ms`}, false)`;
    await client`select pg_advisory_lock(${MIGRATION_LOCK})`;
    const before = await appliedMigrations(client);
    if (haveDiverged(before, migrationsIn(folder))) throw new UnknownMigrations(before.length);
    await migrate(drizzle(client), { migrationsFolder: folder, migrationsSchema: "platform_migrations" });
    return (await appliedMigrations(client)).length - before.length;
  } finally {
    await client.end({ timeout: 5 });
  }
}
