import { tlsOfDatabaseUrl, usableDatabaseUrl } from "./database-url.ts";
import { duration, flag, oneOf, type Setting, url, whole } from "./setting.ts";

const address = url(["postgres", "postgresql"], {
  about:
    "Address of PostgreSQL, with user and database. Without it `npm start` runs a database of its own. Options of libpq are accepted; those for which Rota has a setting are ignored.",
  secret: true,
});

/** The connection to PostgreSQL. */
export const DATABASE_SETTINGS = {
  DATABASE_URL: { ...address, read: (text: string) => usableDatabaseUrl(address.read(text)) },
  DATABASE_POOL_MAX: whole(1, 100, {
    about:
      "Maximum connections of one process, plus one for the heartbeats of long runs. On Azure each function scales alone: keep it at 1 or 2 there.",
    fallback: "2",
  }),
  DATABASE_IDLE_TIMEOUT: duration("1s", "1d", {
    about: "Idle time after which a connection is closed.",
    fallback: "20s",
  }),
  DATABASE_CONNECT_TIMEOUT: duration("1s", "60s", {
    about: "Time in which a new connection must be ready.",
    fallback: "5s",
  }),
  DATABASE_SILENCE_TIMEOUT: duration("2s", "10m", {
    about:
      "Time without an answer after which the app asks PostgreSQL over a second connection whether it works on the statement. If not, the connection is closed and its statements fail. Long statements continue.",
    fallback: "10s",
  }),
  DATABASE_STATEMENT_LIMIT: duration("1m", "24h", {
    about: "Time after which a statement fails with its connection, even while PostgreSQL works on it.",
    fallback: "6h",
  }),
  DATABASE_LOCK_TIMEOUT: duration("1s", "24h", {
    about: "Time that a statement waits for a lock. Behind PgBouncer set it there.",
    fallback: "1m",
  }),
  DATABASE_TLS: oneOf(["disable", "require", "verify"], {
    about:
      "disable: no encryption; require: encryption without checks; verify: encryption with certificate and host name checked. Default: the `sslmode` of DATABASE_URL, without one verify, on loopback disable.",
  }),
  DATABASE_PREPARE: flag({
    about: "Whether statements are prepared. Set false behind PgBouncer in transaction mode.",
    fallback: "true",
  }),
} satisfies Record<string, Setting<unknown>>;

/** What the settings of the database lack. */
export function databaseFaults(values: Readonly<Record<string, unknown>>, written: string | undefined): string[] {
  if (values.DATABASE_URL !== undefined || written) return [];
  return ["DATABASE_URL is missing: set it to postgres://user:password@host/database"];
}

/**
 * The default of DATABASE_TLS: the `sslmode` of the address as written; without one, connections that leave this
 * machine are encrypted and verified.
 */
export function defaultTls(databaseUrl: string): "disable" | "require" | "verify" {
  const asked = tlsOfDatabaseUrl(databaseUrl);
  if (asked) return asked;
  return /^(127\.\d+\.\d+\.\d+|localhost|\[::1\]|)$/i.test(new URL(databaseUrl).hostname) ? "disable" : "verify";
}
