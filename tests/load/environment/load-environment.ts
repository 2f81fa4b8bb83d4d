import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { applyMigrations } from "#data/apply-migrations.ts";
import { freePort } from "#local/ports.ts";
import { discardPostgres, type RunningPostgres, startPostgres } from "#local/postgres/start-postgres.ts";
import { builtApp } from "../../../scripts/built-app.ts";
import { ShiftedClock } from "../clocks/process-clock.ts";
import { shiftDatabase } from "../clocks/shift-database.ts";
import { AppProcess } from "./app-process.ts";
import { BrokerProcess } from "./broker-process.ts";
import { type FakeService, startFakeService } from "./fake-service.ts";

const ROOT = join(import.meta.dirname, "../../..");
const KEY = "load-key-load-key-load-key-load-key";

/** The lease of runs in the environment: the runs of a killed process are free after it. */
export const LEASE_MS = 3_000;

/** The built app under load, a database, a broker and a fake service. Scripts start and kill app processes in it. */
export class LoadEnvironment {
  readonly sql: postgres.Sql;
  readonly service: FakeService;
  /** How far the clocks of the database and the broker are ahead of the real time. */
  readonly clockShiftMs: number;
  readonly apps: AppProcess[] = [];
  /** The directory of logs, database and messages; kept when a check fails. */
  readonly directory: string;
  /** The built app. */
  readonly #app: string;
  readonly #broker: BrokerProcess;
  #database: RunningPostgres;

  /** @param startsAt what the clocks of the database and the broker show at the start. Default: they are real */
  static async open({ startsAt }: { startsAt?: Date | undefined } = {}): Promise<LoadEnvironment> {
    const directory = await mkdtemp(join(tmpdir(), "rota-load-"));
    const app = process.env.LOAD_APP ?? (await builtApp("tests/load/app"));
    const database = await startPostgres(databaseAt(directory));
    const clockShiftMs = startsAt ? startsAt.getTime() - Date.now() : 0;
    const clock = !startsAt ? undefined : new ShiftedClock(join(directory, "clock-of-truth"));
    await clock?.set(clockShiftMs);
    if (clock) await shiftDatabase(database.url, clockShiftMs);
    const sql = postgres(database.url, { max: 8, onnotice: () => undefined, connect_timeout: 5 });
    await applyMigrations(database.url, join(ROOT, "shared/data/migrations"));
    await sql.unsafe(`
      create schema load;
      create table load.effects (
        key text primary key, pid integer not null, run_id uuid not null, attempt integer not null, at timestamptz not null default clock_timestamp());
      create table load.repeats (run_id uuid, attempt integer, primary key (run_id, attempt));
      create table load.staged (run_id uuid not null, attempt integer not null, line integer not null);
      create table load.copied (run_id uuid not null, line integer not null)`);
    const broker = new BrokerProcess(join(directory, "broker"), await freePort(), await queuesOf(app), clock);
    await broker.start();
    return new LoadEnvironment({
      clockShiftMs,
      directory,
      app,
      database,
      sql,
      broker,
      service: await startFakeService(),
    });
  }

  private constructor(parts: {
    clockShiftMs: number;
    directory: string;
    app: string;
    database: RunningPostgres;
    sql: postgres.Sql;
    broker: BrokerProcess;
    service: FakeService;
  }) {
    this.clockShiftMs = parts.clockShiftMs;
    this.directory = parts.directory;
    this.sql = parts.sql;
    this.service = parts.service;
    this.#app = parts.app;
    this.#database = parts.database;
    this.#broker = parts.broker;
  }

  /** The settings of an app in this environment. */
  get settings(): Record<string, string> {
    return {
      DATABASE_URL: this.#database.url,
      DATABASE_POOL_MAX: "8",
      SERVICE_BUS: this.#broker.connectionString,
      JOB_LEASE: `${LEASE_MS}ms`,
      JOB_HEARTBEAT: `${LEASE_MS / 3}ms`,
      LOG_FORMAT: "json",
      LOG_LEVEL: "warn",
      LOAD_SERVICE_URL: this.service.url,
    };
  }

  /** Starts another app process and waits until it answers. @param port default: a free one */
  async startApp({
    settings = {},
    port,
    clock,
  }: { settings?: Record<string, string>; port?: number; clock?: ShiftedClock } = {}): Promise<AppProcess> {
    return this.launchApp({ settings, clock, port: port ?? (await freePort()) }).started();
  }

  /** The same without waiting. */
  launchApp({
    settings = {},
    port,
    clock,
  }: {
    settings?: Record<string, string>;
    port: number;
    clock?: ShiftedClock | undefined;
  }): AppProcess {
    const app = new AppProcess({
      directory: this.#app,
      hostState: join(this.directory, "host"),
      port,
      key: KEY,
      settings: { ...this.settings, ...settings, ...clock?.settings },
      imports: clock && [ShiftedClock.module],
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

  /** Polls until the condition holds. @throws with `what` after `withinMs` */
  async until(what: string, isSo: () => Promise<boolean>, withinMs = 60_000): Promise<void> {
    const end = Date.now() + withinMs;
    while (!(await isSo())) {
      if (Date.now() > end) throw new Error(`timeout after ${withinMs / 1_000} s: ${what}`);
      await sleep(50);
    }
  }

  /** One number from the database. */
  async count(query: postgres.PendingQuery<postgres.Row[]>): Promise<number> {
    return Number(Object.values((await query)[0]!)[0] ?? 0);
  }

  /** Stops everything. @param keep keeps logs and data */
  async close({ keep }: { keep: boolean }): Promise<void> {
    // kill -9 also ends a frozen process.
    await Promise.all(this.apps.map((app) => app.kill()));
    await this.sql.end({ timeout: 1 });
    await this.#broker.kill();
    await this.service.close();
    await this.#database.stop().catch(() => undefined);
    if (!process.env.LOAD_APP) await rm(this.#app, { recursive: true, force: true });
    if (keep) return;
    await discardPostgres(this.directory).catch(() => undefined);
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** fsync stays on: without it a kill could lose acknowledged commits. */
function databaseAt(dataDirectory: string) {
  return { dataDirectory, settings: { max_connections: "100" } };
}

async function queuesOf(app: string): Promise<string[]> {
  const manifest = JSON.parse(await readFile(join(app, "dist/manifest.json"), "utf8")) as {
    jobs: { queue: { name: string } | null }[];
  };
  return ["job-runs", ...manifest.jobs.flatMap(({ queue }) => (queue ? [queue.name] : []))];
}
