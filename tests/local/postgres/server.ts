import postgres from "postgres";
import { onTestFinished } from "vitest";
import { type PostgresOptions, type RunningPostgres, startPostgres } from "#local/postgres/start.ts";

/** Starts PostgreSQL for the running test, which need not stop it. */
export async function startHere(options: PostgresOptions): Promise<RunningPostgres> {
  const server = await startPostgres(options);
  onTestFinished(() => server.stop());
  return server;
}

/** Asks on a connection of its own. */
export async function query<T>(url: string, ask: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return await ask(sql);
  } finally {
    await sql.end();
  }
}
