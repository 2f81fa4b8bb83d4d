import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { applyMigrations } from "#data/migrate.ts";
import { freePort } from "#local/ports.ts";
import { discardPostgres, type RunningPostgres, startPostgres } from "#local/postgres/start.ts";
import { builtApp } from "../../../scripts/built-app.ts";
import { AppProcess } from "./app.ts";
import { BrokerProcess } from "./broker.ts";
import { type Outside, startOutside } from "./outside.ts";

const ROOT = join(import.meta.dirname, "../../..");
const KEY = "load-key-load-key-load-key-load-key";

/** How long a lease lasts on the stage: what a killed process holds is free after this. */
export const LEASE_MS = 3_000;

/** The built app under load, a database, a broker and a service outside; app processes are started on it and killed. */
export class Stage {
  readonly sql: postgres.Sql;
  readonly outside: Outside;
  readonly apps: AppProcess[] = [];
  /** Where logs, database and messages of this run lie; kept when a claim fails. */
  readonly directory: string;
  /** The built app. */
  readonly #app: string;
  readonly #broker: BrokerProcess;
  #database: RunningPostgres;

  static async open(): Promise<Stage> {
    const directory = await mkdtemp(join(tmpdir(), "rota-load-"));
    const app = await builtApp("tests/load/app");
    const database = await startPostgres(databaseAt(directory));
    const sql = postgres(database.url, { max: 8, onnotice: () => undefined, connect_timeout: 5 });
    await applyMigrations(database.url, join(ROOT, "shared/data/migrations"));
    await sql.unsafe(`
      create schema load;
      create table load.effects (
        key text primary key, pid integer not null, run_id uuid not null, attempt integer not null, at timestamptz not null default clock_timestamp());
      create table load.repeats (run_id uuid, attempt integer, primary key (run_id, attempt))`);
    const broker = new BrokerProcess(join(directory, "broker"), await freePort(), await queuesOf(app));
    await broker.start();
    return new Stage({ directory, app, database, sql, broker, outside: await startOutside() });
  }

  private constructor(parts: {
    directory: string;
    app: string;
    database: RunningPostgres;
    sql: postgres.Sql;
    broker: BrokerProcess;
    outside: Outside;
  }) {
    this.directory = parts.directory;
    this.sql = parts.sql;
    this.outside = parts.outside;
    this.#app = parts.app;
    this.#database = parts.database;
    this.#broker = parts.broker;
  }

  /** What an app has to be told to run on this stage. */
  get settings(): Record<string, string> {
    return {
      DATABASE_URL: this.#database.url,
      DATABASE_POOL_MAX: "8",
      SERVICE_BUS: this.#broker.connectionString,
      JOB_LEASE: `${LEASE_MS}ms`,
      JOB_HEARTBEAT: `${LEASE_MS / 3}ms`,
      LOG_FORMAT: "json",
      LOG_LEVEL: "warn",
      LOAD_OUTSIDE: this.outside.url,
    };
  }

  /** Starts one more process of the app and waits until it answers. @param port default: a free one */
  async startApp({
    settings = {},
    port,
  }: { settings?: Record<string, string>; port?: number } = {}): Promise<AppProcess> {
    return this.launchApp({ settings, port: port ?? (await freePort()) }).started();
  }

  /** The same, and does not wait. */
  launchApp({ settings = {}, port }: { settings?: Record<string, string>; port: number }): AppProcess {
    const app = new AppProcess({
      directory: this.#app,
      hostState: join(this.directory, "host"),
      port,
      key: KEY,
      settings: { ...this.settings, ...settings },
      logFile: join(this.directory, `app-${this.apps.length + 1}.log`),
    });
    this.apps.push(app);
    return app;
  }

  async killDatabase(): Promise<void> {
    process.kill(this.#database.pid, "SIGKILL");
    await this.#database.stop().catch(() => undefined);
    this.#database = await startPostgres({ ...databaseAt(this.directory), port: this.#database.port });
  }

  async killBroker(): Promise<void> {
    await this.#broker.kill();
    await this.#broker.start();
  }

  /** Asks until it is so. @throws naming `what` when it is not after `withinMs` */
  async until(what: string, isSo: () => Promise<boolean>, withinMs = 60_000): Promise<void> {
    const end = Date.now() + withinMs;
    while (!(await isSo())) {
      if (Date.now() > end) throw new Error(`waited ${withinMs / 1_000} s in vain: ${what}`);
      await sleep(50);
    }
  }

  /** One number out of the database. */
  async count(query: postgres.PendingQuery<postgres.Row[]>): Promise<number> {
    return Number(Object.values((await query)[0]!)[0] ?? 0);
  }

  /** Ends everything. @param keep leaves logs and data for a look */
  async close({ keep }: { keep: boolean }): Promise<void> {
    // A frozen process dies of kill -9 as well.
    await Promise.all(this.apps.map((app) => app.kill()));
    await this.sql.end({ timeout: 1 });
    await this.#broker.kill();
    await this.outside.close();
    await this.#database.stop().catch(() => undefined);
    await rm(this.#app, { recursive: true, force: true });
    if (keep) return;
    await discardPostgres(this.directory).catch(() => undefined);
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** fsync stays on: a database that forgets what it acknowledged would prove nothing. */
function databaseAt(dataDirectory: string) {
  return { dataDirectory, settings: { max_connections: "100" } };
}

async function queuesOf(app: string): Promise<string[]> {
  const manifest = JSON.parse(await readFile(join(app, "dist/manifest.json"), "utf8")) as {
    jobs: { queue: { name: string } | null }[];
  };
  return ["job-runs", ...manifest.jobs.flatMap(({ queue }) => (queue ? [queue.name] : []))];
}
