import { createHash } from "node:crypto";
import { lchown, lstat, mkdir, readdir, stat } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join, resolve, sep } from "node:path";
import { type Account, run } from "../processes/run.ts";

/** The directory that holds a database with all that belongs to it, and the account that its programs run as. */
export interface Home {
  directory: string;
  account: Account;
}

/**
 * Finds where the database of `dataDirectory` can live and who can run it. That is the directory itself and the current
 * user, except for root: PostgreSQL refuses to run as root, so another account runs it, and if that account cannot reach
 * the directory (a project below /root), the home is one in /var/lib that belongs to this path alone.
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

  const elsewhere = await homeElsewhere(directory, account);
  log(`The database lives in ${elsewhere}: user ${account.name}, who runs it for root, cannot reach ${directory}.`);
  return { directory: elsewhere, account };
}

/** Hands a file or directory that root has made, if it exists, to the account that needs it. */
export async function give(path: string, account: Account): Promise<void> {
  if (account.uid === undefined || account.gid === undefined) return;
  // Never through a link: the account could have put one there that leads to a file of root's.
  await lchown(path, account.uid, account.gid).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  });
}

/** The same for a directory with all that is in it. */
export async function giveAll(directory: string, account: Account): Promise<void> {
  if (account.uid === undefined) return;
  await give(directory, account);
  for (const entry of await readdir(directory, { recursive: true })) await give(join(directory, entry), account);
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

async function homeElsewhere(directory: string, account: Account): Promise<string> {
  // Systems clear /var/tmp of what was not used for a month: that is no place for data, unless they were temporary before.
  const bases = directory.startsWith(tmpdir() + sep) ? ["/var/tmp"] : ["/var/lib", "/var/tmp"];
  for (const base of bases) {
    const elsewhere = join(base, `rota-postgres-${shortHash(directory)}`);
    const made = await mkdir(elsewhere, { recursive: true, mode: 0o700 }).then(
      () => true,
      () => false,
    );
    if (!made) continue;
    await refusePlanted(elsewhere, account);
    await give(elsewhere, account);
    if (await canUse(account, elsewhere)) return elsewhere;
  }
  throw new Error(
    `User ${account.name}, who runs PostgreSQL for root, can reach neither ${directory} nor a directory in ${bases.join(" or ")}. ` +
      `Move the project to where that user can reach it, run as an ordinary user, or set DATABASE_URL to use your own PostgreSQL.`,
  );
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

/** /var/tmp is open to all users: a directory there that somebody else has put in our way must not get our data. */
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
