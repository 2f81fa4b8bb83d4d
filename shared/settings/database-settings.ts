import { duration, flag, oneOf, type Setting, url, whole } from "./setting.ts";

/** The connection to PostgreSQL. */
export const DATABASE_SETTINGS = {
  DATABASE_URL: url(["postgres", "postgresql"], {
    about: "Address of PostgreSQL, with user and database. Without it `npm start` runs a database of its own.",
    secret: true,
  }),
  DATABASE_POOL_MAX: whole(1, 100, {
    about:
      "Maximum connections of one process, plus one for the heartbeats of long runs. On Azure each function scales alone: keep it at 1 or 2 there.",
    fallback: "2",
  }),
  DATABASE_IDLE_TIMEOUT: duration("1s", "1d", {
    about: "Idle time after which a connection is closed.",
    fallback: "20s",
  }),
  DATABASE_TLS: oneOf(["disable", "require", "verify"], {
    about:
      "disable: no encryption; require: encryption without checks; verify: encryption with certificate and host name checked. Default: verify, on loopback disable.",
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

/** The default of DATABASE_TLS: connections that leave this machine are encrypted and verified. */
export function defaultTls(databaseUrl: string): "disable" | "verify" {
  return /^(127\.\d+\.\d+\.\d+|localhost|\[::1\]|)$/i.test(new URL(databaseUrl).hostname) ? "disable" : "verify";
}
