import postgres from "postgres";
import { onTestFinished } from "vitest";
import { type PostgresOptions, type RunningPostgres, startPostgres } from "#local/postgres/start-postgres.ts";

/** Starts PostgreSQL for the current test, and stops it at the end. */
export async function startHere(options: PostgresOptions): Promise<RunningPostgres> {
  const server = await startPostgres(options);
  onTestFinished(() => server.stop());
  return server;
}

/** Runs a query on a new connection. */
export async function query<T>(url: string, ask: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return await ask(sql);
  } finally {
    await sql.end();
  }
}
