import { duration, flag, oneOf, url, whole, type Setting } from "./setting.ts";

/** The connection to PostgreSQL. */
export const DATABASE_SETTINGS = {
  DATABASE_URL: url(["postgres", "postgresql"], {
    about: "PostgreSQL, with user and database. `npm start` brings its own when this is not set.",
    secret: true,
  }),
  DATABASE_POOL_MAX: whole(1, 100, {
    about:
      "Most connections of one process, beside one for the heartbeats of long runs. On Azure each function scales alone: keep it at 1 or 2 there.",
    fallback: "2",
  }),
  DATABASE_IDLE_TIMEOUT: duration("1s", "1d", {
    about: "An unused connection is closed after this.",
    fallback: "20s",
  }),
  DATABASE_TLS: oneOf(["disable", "require", "verify"], {
    about:
      "disable; require: encrypted; verify: certificate and host name checked as well. Default: verify, and disable on loopback.",
  }),
  DATABASE_PREPARE: flag({
    about: "Prepared statements; false behind PgBouncer in transaction mode.",
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
