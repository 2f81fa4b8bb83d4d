import { createHash } from "node:crypto";
import { chown, lchown, lstat, mkdir, readdir, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import { run, type Account } from "../processes/run.ts";

/** The directory that holds a database with all that belongs to it, and the account that its programs run as. */
export interface Home {
  directory: string;
  account: Account;
}

/**
 * Finds where the database of `dataDirectory` can live and who can run it. That is the directory itself and the current
 * user, except for root: PostgreSQL refuses to run as root, so another account runs it, and if that account cannot reach
 * the directory (a project below /root), the home is one in /var/tmp that belongs to this path alone.
 */
export async function settle(dataDirectory: string, log: (line: string) => void): Promise<Home> {
  const directory = resolve(dataDirectory);
  await mkdir(directory, { recursive: true });
  if (process.getuid?.() !== 0) {
    await refuseForeign(directory);
    return { directory, account: { name: userInfo().username } };
  }

  const account = await unprivilegedAccount(directory);
  await give(directory, account);
  if (await canUse(account, directory)) return { directory, account };

  const elsewhere = join("/var/tmp", `rota-postgres-${shortHash(directory)}`);
  await mkdir(elsewhere, { recursive: true, mode: 0o700 });
  await refusePlanted(elsewhere, account);
  await give(elsewhere, account);
  log(`The database lives in ${elsewhere}: user ${account.name}, who runs it for root, cannot reach ${directory}.`);
  return { directory: elsewhere, account };
}

/** Hands a file or directory that root has made to the account that needs it. */
export async function give(path: string, account: Account): Promise<void> {
  if (account.uid !== undefined && account.gid !== undefined) await chown(path, account.uid, account.gid);
}

/** The same for a directory with all that is in it. */
export async function giveAll(directory: string, account: Account): Promise<void> {
  if (account.uid === undefined || account.gid === undefined) return;
  await chown(directory, account.uid, account.gid);
  for (const entry of await readdir(directory, { recursive: true })) {
    await lchown(join(directory, entry), account.uid, account.gid);
  }
}

async function unprivilegedAccount(directory: string): Promise<Account> {
  const owner = await stat(directory);
  const candidates = [owner.uid, process.env.SUDO_UID, "nobody", "postgres", "daemon"];
  for (const candidate of candidates) {
    const account = candidate === undefined ? undefined : await lookUp(String(candidate));
    if (account && account.uid !== 0) return account;
  }
  throw new Error(
    "PostgreSQL refuses to run as root, and this system has none of the users nobody, postgres or daemon to run it. " +
      "Run as an ordinary user, or set DATABASE_URL to use your own PostgreSQL.",
  );
}

async function lookUp(nameOrId: string): Promise<Account | undefined> {
  const ask = async (flag: string) => {
    const { code, output } = await run("id", [flag, "--", nameOrId], { account: { name: "root" }, cwd: "/" });
    return code === 0 ? output : undefined;
  };
  const [name, uid, gid] = await Promise.all([ask("-un"), ask("-u"), ask("-g")]);
  return name && uid && gid ? { name, uid: Number(uid), gid: Number(gid) } : undefined;
}

async function canUse(account: Account, directory: string): Promise<boolean> {
  // Only the system itself knows: modes, access lists and mounts all have a say.
  const { code } = await run("/bin/sh", ["-c", 'cd -- "$1" && test -w .', "sh", directory], { account, cwd: "/" });
  return code === 0;
}

async function refuseForeign(directory: string): Promise<void> {
  const own = process.getuid?.();
  const owner = async (path: string) => (await stat(path).catch(() => undefined))?.uid;
  const owners = [await owner(directory), await owner(join(directory, "cluster"))];
  // Windows has no such users; what it forbids it says itself.
  if (own === undefined || owners.every((uid) => uid === undefined || uid === own)) return;
  throw new Error(
    `The database in ${directory} belongs to user ${owners.find((uid) => uid !== own)} and you are user ${own}, probably ` +
      `because root made it. Start as that user, take it over with chown -R, or use another data directory.`,
  );
}

/** /var/tmp is open to all: a directory there that somebody else has put in our way must not get our data. */
async function refusePlanted(directory: string, account: Account): Promise<void> {
  const found = await lstat(directory);
  if (found.isDirectory() && (found.uid === 0 || found.uid === account.uid)) return;
  throw new Error(
    `Expected ${directory} to be a directory of user ${account.name}, but user ${found.uid} has put something there. ` +
      `Remove it, or move the project to where user ${account.name} can reach it.`,
  );
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
