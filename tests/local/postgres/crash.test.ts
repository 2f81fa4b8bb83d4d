import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { discardPostgres, startPostgres } from "#local/postgres/start-postgres.ts";
import { type Program, startProgram } from "#support/program.ts";
import { temporaryDirectory } from "#support/temporary-directory.ts";
import { query, startHere } from "./test-server.ts";

const ROUNDS = 6;
const UUID = /^[0-9a-f-]{36}$/;

/** The tests break the same database one after the other, because creating one takes longer than repairing it. */
let dataDirectory: string;

beforeAll(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), "rota-test-"));
  const server = await startPostgres({ dataDirectory });
  await query(server.url, (sql) => sql`CREATE TABLE thing AS SELECT 7 AS id`);
  await server.stop();
});
afterAll(() => discardPostgres(dataDirectory));

test(`no acknowledged commit is lost in ${ROUNDS} kills of the app or the postmaster under load`, async () => {
  const acknowledged = new Set<string>();
  for (let round = 1; round <= ROUNDS; round++) {
    const app = startApp("write");
    const { pid } = await running(app);
    await app.line(app.lines.length + 300);
    if (round % 3 === 0) process.kill(pid, "SIGKILL");
    await app.kill();
    for (const line of app.lines) if (UUID.test(line)) acknowledged.add(line);
  }

  const server = await startHere({ dataDirectory });
  const rows = await query(server.url, (sql) => sql<{ id: string }[]>`SELECT id FROM written`);
  const kept = new Set(rows.map((row) => row.id));
  expect(acknowledged.size).toBeGreaterThanOrEqual(300 * ROUNDS);
  expect([...acknowledged].filter((id) => !kept.has(id))).toEqual([]);
});

test("a server that a killed app left running is replaced on the same port, with a log line", async () => {
  const app = startApp();
  const { pid, port } = await running(app);
  await app.kill();
  process.kill(pid, 0);

  const lines: string[] = [];
  const server = await startHere({ dataDirectory, log: (line) => lines.push(line) });
  expect(lines).toEqual([
    `PostgreSQL (process ${pid}) still runs after the process that started it died; it is restarted.`,
  ]);
  expect(server.pid).not.toBe(pid);
  expect(server.port).toBe(port);
});

test("a server whose postmaster was killed can be stopped and started again", async () => {
  const first = await startHere({ dataDirectory });
  process.kill(first.pid, "SIGKILL");
  await first.stop();
  const second = await startHere({ dataDirectory });
  expect(await query(second.url, (sql) => sql`SELECT id FROM thing`)).toEqual([{ id: 7 }]);
});

test("a server that ends while it is in use is reported once, with its log and what to do; a stop reports nothing", async () => {
  const { promise: logged, resolve: log } = Promise.withResolvers<string>();
  const server = await startHere({ dataDirectory, log });
  const [setting] = await query(server.url, (sql) => sql<{ data_directory: string }[]>`SHOW data_directory`);
  const data = setting!.data_directory;
  process.kill(server.pid, "SIGKILL");
  expect(await logged).toBe(
    `PostgreSQL (process ${server.pid}) ended unexpectedly. Its log is ${join(data, "../../postgres.log")}. ` +
      "Stop Rota and restart it with npm start; committed data is kept.",
  );
  await server.stop();

  const lines: string[] = [];
  const second = await startHere({ dataDirectory, log: (line) => lines.push(line) });
  await second.stop();
  expect(lines).toEqual([]);
});

test.for([
  { lock: "names a dead process", pid: async () => "4194303" },
  { lock: "names the process id of another program", pid: bystander },
  { lock: "names this process", pid: async () => `${process.pid}` },
  { lock: "is empty", pid: async () => "" },
])("a lock file that $lock does not prevent a start", async ({ pid }) => {
  const first = await startHere({ dataDirectory });
  const lockFile = join(dataDirectory, "cluster", "data", "postmaster.pid");
  const [, ...rest] = (await readFile(lockFile, "utf8")).split("\n");
  process.kill(first.pid, "SIGKILL");
  await first.stop();
  const other = await pid();
  await writeFile(lockFile, other === "" ? "" : [other, ...rest].join("\n"));

  const second = await startHere({ dataDirectory });
  expect(await query(second.url, (sql) => sql`SELECT id FROM thing`)).toEqual([{ id: 7 }]);
});

test("data of another PostgreSQL version is rejected with instructions", async () => {
  const file = join(dataDirectory, "cluster", "data", "PG_VERSION");
  const version = await readFile(file, "utf8");
  onTestFinished(() => writeFile(file, version));
  await writeFile(file, "15\n");
  await expect(startHere({ dataDirectory })).rejects.toThrow(
    /was created by PostgreSQL 15, and this is PostgreSQL 18\.\d+\. Move that directory away to start with an empty database, or/,
  );
});

test("a missing password file is named", async () => {
  const file = join(dataDirectory, "cluster", "password");
  const password = await readFile(file, "utf8");
  onTestFinished(() => writeFile(file, password));
  await writeFile(file, "");
  await expect(startHere({ dataDirectory })).rejects.toThrow(`expected it in ${file}. Restore the file, or`);
});

test("a wrong password file is named, and no server keeps running", async () => {
  const file = join(dataDirectory, "cluster", "password");
  const password = await readFile(file, "utf8");
  onTestFinished(() => writeFile(file, password));
  await writeFile(file, "another");
  await expect(startHere({ dataDirectory })).rejects.toThrow(`does not accept the password in ${file}`);
  await expect(access(join(dataDirectory, "cluster", "data", "postmaster.pid"))).rejects.toThrow("ENOENT");
});

test("a first start that was killed during initdb is repeated", async () => {
  const fresh = await temporaryDirectory();
  const app = startApp("", fresh);
  await appearanceOf("PG_VERSION", fresh);
  await app.kill();
  expect(app.lines).toEqual([]);

  const server = await startHere({ dataDirectory: fresh });
  expect(await query(server.url, (sql) => sql`SELECT 1 AS one`)).toEqual([{ one: 1 }]);
  await server.stop();
  await startHere({ dataDirectory: fresh });
  expect((await readdir(fresh)).filter((name) => name.includes("partial"))).toEqual([]);
});

test("discarding rejects a database in use, and stops and deletes the one of a killed app", async () => {
  const fresh = await temporaryDirectory();
  const app = startApp("", fresh);
  const { url } = await running(app);
  await expect(discardPostgres(fresh, { waitMs: 0 })).rejects.toThrow(`in use by process ${app.pid}`);
  await app.kill();
  await discardPostgres(fresh);
  await expect(query(url, (sql) => sql`SELECT 1`)).rejects.toThrow("ECONNREFUSED");
  await expect(access(fresh)).rejects.toThrow("ENOENT");
});

function startApp(mode = "", directory = dataDirectory): Program {
  return startProgram(new URL("postgres-starter.ts", import.meta.url), [directory, mode]);
}

async function running(app: Program): Promise<{ url: string; pid: number; port: number }> {
  for (let count = 1; ; count++) {
    const line = await app.line(count);
    if (line.startsWith("{")) return JSON.parse(line) as { url: string; pid: number; port: number };
  }
}

async function bystander(): Promise<string> {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child, "spawn");
  return `${child.pid}`;
}

/** initdb sends no signal when it creates the file, so this polls. */
async function appearanceOf(file: string, directory: string): Promise<void> {
  const files = () => readdir(directory, { recursive: true }).catch(() => []);
  while (!(await files()).some((path) => basename(path) === file)) await delay(2);
}
