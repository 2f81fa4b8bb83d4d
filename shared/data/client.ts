import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { withCommitHooks } from "./after-commit.ts";
import { chainTransactions } from "./chained-transactions.ts";
import { withLastStatements } from "./commit-with-last-statement.ts";
import type { ConnectionOptions } from "./connection/connection-options.ts";
import type { DatabaseReach, OutageLog } from "./connection/database-reach.ts";
import { socketOptions } from "./connection/driver-socket.ts";
import { withPreparedStatements } from "./prepared-statements.ts";
import { guardTransactions } from "./transaction-guard.ts";

/**
 * A pool sends statements on any of its connections, one behind the other. What needs a connection for itself (COPY, a
 * cursor, `set`, a session lock) runs in `begin` or on `connectAlone`: the type offers no other way.
 */
export interface Pool extends Pick<postgres.Sql, "begin" | "end"> {
  <T extends readonly object[]>(
    text: TemplateStringsArray,
    ...values: readonly postgres.ParameterOrFragment<never>[]
  ): Promise<T>;
}
/** The database, outside a transaction. */
export type Db = PostgresJsDatabase & { readonly $client: Pool };
/** One open transaction. */
export type Tx = Parameters<Parameters<PostgresJsDatabase["transaction"]>[0]>[0];
/** What a named query runs on: the database or a transaction. */
export type Executor = Pick<PostgresJsDatabase, "select" | "insert" | "update" | "delete" | "execute">;

export interface DatabaseOptions extends ConnectionOptions {
  /** Maximum of open connections of this process. Keep it small on Azure, where every function scales alone. */
  readonly poolMax: number;
  /** Milliseconds after which an unused connection is closed. */
  readonly idleMs: number;
  readonly applicationName?: string;
  /**
   * Milliseconds after which the server ends a transaction whose client sends no statement. Default: never. Leave it
   * out behind PgBouncer, which refuses the parameter and has its own setting.
   */
  readonly idleTransactionTimeoutMs?: number;
  /** Milliseconds that a statement waits for a lock. Default: no limit. Leave it out behind PgBouncer, too. */
  readonly lockTimeoutMs?: number;
  /** The circuit breaker that this pool shares with others of its process. Default: its own, which does not log. */
  readonly reach?: DatabaseReach;
  /** Gets a line when silent connections are closed. */
  readonly log?: OutageLog;
}

/**
 * Opens a pool; connections are made on first use. Close it with `db.$client.end()`, which waits for open statements,
 * by default for at most 5 s.
 */
export function connect(options: DatabaseOptions): Db {
  const pool = chainTransactions(withPreparedStatements(openPool(options)), options.poolMax);
  return withCommitHooks(withLastStatements(drizzle(guardTransactions(pool))));
}

/** Seconds that `end` waits for open statements before it closes their connections, unless the caller gives a limit. */
const END_WITHIN_S = 5;

function openPool(options: DatabaseOptions): postgres.Sql {
  const pool = postgres(options.url, {
    max: options.poolMax,
    idle_timeout: Math.max(1, Math.round(options.idleMs / 1_000)),
    max_lifetime: 60 * 30,
    prepare: options.prepare,
    ...socketOptions(options, { reach: options.reach, log: options.log }),
    // Queries write arrays as literals, so a new connection needs no query for the array types.
    fetch_types: false,
    connection: {
      application_name: options.applicationName ?? "rota",
      TimeZone: "UTC",
      ...(options.idleTransactionTimeoutMs && {
        idle_in_transaction_session_timeout: options.idleTransactionTimeoutMs,
      }),
      ...(options.lockTimeoutMs && { lock_timeout: options.lockTimeoutMs }),
    },
    onnotice: () => undefined,
  });
  // The driver has no limit of its own: while connecting fails, `end` would wait for ever.
  const end = pool.end.bind(pool);
  pool.end = (given) => end({ timeout: END_WITHIN_S, ...given });
  return pool;
}

/**
 * Opens one connection for statements that no transaction may hold: a statement that runs for hours, session settings,
 * session locks. The caller awaits each statement before the next, and closes it with `end()`.
 */
export function connectAlone(options: Omit<DatabaseOptions, "poolMax">): postgres.Sql {
  return openPool({ ...options, poolMax: 1 });
}

/** Whether the database answers: one round trip. */
export async function ping(db: Db): Promise<void> {
  await db.execute("select 1");
}
