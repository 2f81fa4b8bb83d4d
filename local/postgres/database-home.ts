import { createHash } from "node:crypto";
import { lchown, lstat, mkdir, readdir, stat } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join, resolve, sep } from "node:path";
import { type Account, runProgram } from "../processes/run-program.ts";

/** The directory of a database with all its files, and the account that runs its programs. */
export interface DatabaseHome {
  directory: string;
  account: Account;
}

/**
 * Decides the directory and the account for the database of `dataDirectory`: the directory itself and the current user.
 * PostgreSQL refuses to run as root, so for root another account runs it; when that account cannot reach the directory
 * (a project below /root), the home is a directory in /var/lib that is derived from this path.
 */
export async function findDatabaseHome(dataDirectory: string, log: (line: string) => void): Promise<DatabaseHome> {
  const directory = resolve(dataDirectory);
  await mkdir(directory, { recursive: true });
  if (process.getuid?.() !== 0) {
    await rejectForeignOwner(directory);
    return { directory, account: { name: userInfo().username } };
  }

  const account = await unprivilegedAccount(directory);
  await giveOwnership(directory, account);
  if (await canUse(account, directory)) return { directory, account };

  const elsewhere = await homeElsewhere(directory, account);
  log(`The database is in ${elsewhere}: user ${account.name}, who runs it for root, cannot reach ${directory}.`);
  return { directory: elsewhere, account };
}

/** Makes the account the owner of a file or directory that root created, if it exists. */
export async function giveOwnership(path: string, account: Account): Promise<void> {
  if (account.uid === undefined || account.gid === undefined) return;
  // Never follows a link: the account could have created one to a file of root.
  await lchown(path, account.uid, account.gid).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  });
}

/** The same for a directory and its content. */
export async function giveOwnershipOfAll(directory: string, account: Account): Promise<void> {
  if (account.uid === undefined) return;
  await giveOwnership(directory, account);
  for (const entry of await readdir(directory, { recursive: true }))
    await giveOwnership(join(directory, entry), account);
}

const SYSTEM_USERS = ["nobody", "postgres", "daemon"];

async function unprivilegedAccount(directory: string): Promise<Account> {
  const owner = await stat(directory);
  const candidates = [owner.uid, process.env.SUDO_UID, ...SYSTEM_USERS];
  for (const candidate of candidates) {
    const account = candidate === undefined ? undefined : await lookUp(String(candidate));
    if (account && account.uid !== 0) return account;
  }
  throw new Error(
    `PostgreSQL refuses to run as root, and this system has no other user to run it (${SYSTEM_USERS.join(", ")}). ` +
      "Run as an ordinary user, or set DATABASE_URL to use your own PostgreSQL.",
  );
}

async function lookUp(nameOrId: string): Promise<Account | undefined> {
  const ask = async (flag: string) => {
    const { code, output } = await runProgram("id", [flag, "--", nameOrId], { account: { name: "root" }, cwd: "/" });
    return code === 0 ? output : undefined;
  };
  const [name, uid, gid] = await Promise.all([ask("-un"), ask("-u"), ask("-g")]);
  return name && uid && gid ? { name, uid: Number(uid), gid: Number(gid) } : undefined;
}

async function homeElsewhere(directory: string, account: Account): Promise<string> {
  // Many systems delete unused files of /var/tmp after a month, so only temporary databases go there.
  const bases = directory.startsWith(tmpdir() + sep) ? ["/var/tmp"] : ["/var/lib", "/var/tmp"];
  for (const base of bases) {
    const elsewhere = join(base, `rota-postgres-${shortHash(directory)}`);
    const made = await mkdir(elsewhere, { recursive: true, mode: 0o700 }).then(
      () => true,
      () => false,
    );
    if (!made) continue;
    await rejectPlantedDirectory(elsewhere, account);
    await giveOwnership(elsewhere, account);
    if (await canUse(account, elsewhere)) return elsewhere;
  }
  throw new Error(
    `User ${account.name}, who runs PostgreSQL for root, can reach neither ${directory} nor a directory in ${bases.join(" or ")}. ` +
      `Move the project to where that user can reach it, run as an ordinary user, or set DATABASE_URL to use your own PostgreSQL.`,
  );
}

async function canUse(account: Account, directory: string): Promise<boolean> {
  // Only the system can tell: modes, access lists and mounts decide together.
  const { code } = await runProgram("/bin/sh", ["-c", 'cd -- "$1" && test -w .', "sh", directory], {
    account,
    cwd: "/",
  });
  return code === 0;
}

async function rejectForeignOwner(directory: string): Promise<void> {
  const own = process.getuid?.();
  const owner = async (path: string) => (await stat(path).catch(() => undefined))?.uid;
  const owners = [await owner(directory), await owner(join(directory, "cluster"))];
  // Windows has no numeric user ids; there the system reports a missing permission.
  if (own === undefined || owners.every((uid) => uid === undefined || uid === own)) return;
  throw new Error(
    `The database in ${directory} belongs to user ${owners.find((uid) => uid !== own)} and you are user ${own}, probably ` +
      `because root created it. Start as that user, change the owner with chown -R, or use another data directory.`,
  );
}

/** All users can write to /var/tmp: a directory that another user created there must not receive the data. */
async function rejectPlantedDirectory(directory: string, account: Account): Promise<void> {
  const found = await lstat(directory);
  if (found.isDirectory() && (found.uid === 0 || found.uid === account.uid)) return;
  throw new Error(
    `Expected ${directory} to be a directory of user ${account.name}, but user ${found.uid} created it. ` +
      `Remove it, or move the project to where user ${account.name} can reach it.`,
  );
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
