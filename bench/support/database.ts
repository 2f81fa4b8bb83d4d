import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { applyMigrations } from "#data/apply-migrations.ts";
import { startPostgres } from "#local/postgres/start-postgres.ts";
import { bundled } from "./bundle.ts";
import { inOwnProcess, type Server } from "./process-cost.ts";

/** A migrated PostgreSQL for one benchmark, which counts its statements and is deleted at disposal. */
export interface BenchDatabase extends Server, AsyncDisposable {
  /** Connects at the first use. */
  readonly sql: postgres.Sql;
  /** A directory for files of the benchmark, deleted with the database. */
  readonly directory: string;
  /**
   * Runs a script of `bench/`, bundled as for Azure, in its own process. Its arguments are the database's URL, the
   * process id of the postmaster, and these.
   */
  measure<T>(script: string, ...args: readonly string[]): Promise<T>;
}

/** @param settings lines of postgresql.conf over the defaults; fsync is on */
export async function benchDatabase(settings: Record<string, string> = {}): Promise<BenchDatabase> {
  const directory = await mkdtemp(join(tmpdir(), "rota-bench-"));
  const server = await startPostgres({
    dataDirectory: join(directory, "postgres"),
    settings: { shared_preload_libraries: "pg_stat_statements", ...settings },
  });
  const { url, pid } = server;
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  const database: BenchDatabase = {
    url,
    pid,
    sql,
    directory,
    async measure(script, ...args) {
      const bundle = await bundled(join(import.meta.dirname, "..", script), join(directory, "bundle"));
      return inOwnProcess(bundle, [url, String(pid), ...args]);
    },
    async [Symbol.asyncDispose]() {
      await sql.end();
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
  try {
    await applyMigrations(url, join(import.meta.dirname, "../../shared/data/migrations"));
    await countStatements(url);
    return database;
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}

/** Uses a temporary connection: a template database must have no open connections. */
async function countStatements(url: string): Promise<void> {
  const sql = postgres(url, { max: 1 });
  await sql`create extension pg_stat_statements`;
  await sql.end();
}
