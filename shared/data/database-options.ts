import type { Config } from "#settings/config.ts";
import type { DatabaseOptions } from "./client.ts";

/** The connection options of the app database, from the settings. */
export function databaseOptions(config: Config, applicationName = "rota"): DatabaseOptions {
  return {
    url: config.DATABASE_URL,
    poolMax: config.DATABASE_POOL_MAX,
    idleMs: config.DATABASE_IDLE_TIMEOUT,
    tls: config.DATABASE_TLS,
    prepare: config.DATABASE_PREPARE,
    connectTimeoutMs: config.DATABASE_CONNECT_TIMEOUT,
    silenceTimeoutMs: config.DATABASE_SILENCE_TIMEOUT,
    statementLimitMs: config.DATABASE_STATEMENT_LIMIT,
    applicationName,
  };
}
