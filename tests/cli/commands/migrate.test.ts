import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import postgres from "postgres";
import { describe, expect, onTestFinished, test } from "vitest";
import { createDatabase } from "#support/database.ts";
import { temporaryDirectory } from "#support/temporary-directory.ts";
import { rota } from "../rota.ts";

describe("migrate", () => {
  test("migrates an empty database, and then has nothing to do", async () => {
    const url = await emptyDatabase();
    const first = await rota(["migrate"], { env: { DATABASE_URL: url } });
    const { host, pathname } = new URL(url);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toMatch(
      new RegExp(`^✔ Database ${pathname.slice(1)} on ${host} has \\d+ new migrations?\\.\n$`),
    );
    expect(await tables(url)).toContain("platform.job_runs");

    const second = await rota(["migrate"], { env: { DATABASE_URL: url } });
    expect(second).toMatchObject({ code: 0, stderr: "" });
    expect(second.stdout).toMatch(/ is up to date; nothing to apply\.\n$/);
  });

  test("takes the address from local.settings.json when the environment has none", async () => {
    const url = await emptyDatabase();
    // With a byte order mark, as Windows editors save it.
    const root = await project({ "local.settings.json": `\uFEFF${JSON.stringify({ Values: { DATABASE_URL: url } })}` });
    expect(await rota(["migrate"], { root })).toMatchObject({ code: 0, stderr: "" });
    expect(await tables(url)).toContain("platform.job_runs");
  });

  test("takes the address of the running local stack otherwise", async () => {
    const url = await emptyDatabase();
    const root = await project({ ".rota/app.json": JSON.stringify({ pid: process.pid, databaseUrl: url }) });
    expect(await rota(["migrate"], { root })).toMatchObject({ code: 0, stderr: "" });
    expect(await tables(url)).toContain("platform.job_runs");
  });
});

describe("a database error is one sentence without the password", () => {
  test("no database is configured", async () => {
    expect(await errorFor({})).toBe(
      "No database to migrate: set DATABASE_URL to postgres://user:password@host/database, or run npm start, which starts one.\n",
    );
  });

  test.each([
    "hunter2",
    "mysql://me:hunter2@host/db",
    "postgres://me:hunter2%@host/db",
    "postgres://me:hun/ter2@host/db",
  ])("%s is not a database address", async (address) => {
    expect(await errorFor({ env: { DATABASE_URL: address } })).toMatch(
      /^DATABASE_URL: expected postgres:\/\/user:password@host\/database with /,
    );
  });

  test("no server listens at the address", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    expect(await errorFor({ env: { DATABASE_URL: `postgres://me:hunter2@127.0.0.1:${port}/rota` } })).toBe(
      `Database rota on 127.0.0.1:${port} is unreachable (ECONNREFUSED): start it, or correct DATABASE_URL.\n`,
    );
  });

  test("the server accepts connections and never answers", async () => {
    const server = createServer((socket) => socket.resume()).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    expect(await errorFor({ env: { DATABASE_URL: `postgres://me:hunter2@127.0.0.1:${port}/rota` } })).toBe(
      `Database rota on 127.0.0.1:${port} is unreachable (CONNECT_TIMEOUT): start it, or correct DATABASE_URL.\n`,
    );
  });

  test("the host is unknown", async () => {
    const message = await errorFor({ env: { DATABASE_URL: "postgres://me:hunter2@db.invalid/rota" } });
    expect(message).toMatch(/^Database rota on db\.invalid is unreachable, .*: correct DATABASE_URL\.\n$/);
  });

  test("the password is wrong", async () => {
    const url = new URL(await emptyDatabase());
    const role = `reader_${process.pid}`;
    const sql = postgres(url.href, { max: 1, onnotice: () => undefined });
    await sql.unsafe(`create role ${role} login password 'right'`);
    onTestFinished(async () => {
      await sql.unsafe(`drop role ${role}`);
      await sql.end();
    });
    [url.username, url.password] = [role, "hunter2"];
    const message = await errorFor({
      root: await project({ "local.settings.json": JSON.stringify({ Values: { DATABASE_URL: url.href } }) }),
    });
    expect(message).toMatch(
      new RegExp(
        `rejects user ${role}: the password is wrong, or the access rules forbid it \\(28P01\\); correct DATABASE_URL in local\\.settings\\.json\\.`,
      ),
    );

    url.password = "right";
    expect(await errorFor({ env: { DATABASE_URL: url.href } })).toMatch(
      new RegExp(` does not let user ${role} change the schema: permission denied`),
    );
  });

  test("the database does not exist", async () => {
    const url = new URL(await emptyDatabase());
    url.pathname = "/nosuch";
    expect(await errorFor({ env: { DATABASE_URL: url.href } })).toBe(
      `Database nosuch on ${url.host} does not exist: create it, or correct DATABASE_URL.\n`,
    );
  });

  test("an earlier development version migrated it", async () => {
    const url = new URL(await emptyDatabase());
    const sql = postgres(url.href, { max: 1 });
    await sql`create schema platform_migrations`;
    await sql`create table platform_migrations.__drizzle_migrations (id serial, hash text, created_at bigint)`;
    await sql`insert into platform_migrations.__drizzle_migrations (hash, created_at) values ('a1', 1), ('b2', 2)`;
    await sql.end();
    expect(await errorFor({ env: { DATABASE_URL: url.href } })).toBe(
      `Database ${url.pathname.slice(1)} on ${url.host} was not migrated: the database has 2 migrations of an earlier development version, ` +
        "which this version cannot continue: delete the folder .rota if it holds demo data only, or use an empty database.\n",
    );
  });

  test("local.settings.json is damaged, encrypted or holds something else", async () => {
    const messageFor = async (text: string) => errorFor({ root: await project({ "local.settings.json": text }) });
    expect(await messageFor('{"Values": {"DATABASE_URL": "postgres://me:hunter2@h/d" ')).toMatch(
      /^local\.settings\.json is not valid JSON: /,
    );
    expect(await messageFor('{"IsEncrypted": true, "Values": {"DATABASE_URL": "hunter2"}}')).toMatch(/is encrypted: /);
    expect(await messageFor('{"Values": {"DATABASE_URL": 5432}}')).toMatch(
      /Values\.DATABASE_URL: expected a string in quotes/,
    );
  });
});

async function errorFor(surroundings: Parameters<typeof rota>[1]): Promise<string> {
  const { code, stdout, stderr } = await rota(["migrate"], surroundings);
  expect({ code, stdout, lines: stderr.split("\n").length }).toEqual({ code: 1, stdout: "", lines: 2 });
  expect(stderr).not.toMatch(/hunter2|hun\/ter2/);
  return stderr;
}

async function emptyDatabase(): Promise<string> {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  return database.url;
}

async function project(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await temporaryDirectory();
  await mkdir(join(root, ".rota"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(root, name), text);
  return root;
}

async function tables(url: string): Promise<string[]> {
  const sql = postgres(url, { max: 1 });
  try {
    const rows = await sql`select table_schema || '.' || table_name as name from information_schema.tables`;
    return rows.map(({ name }) => String(name));
  } finally {
    await sql.end();
  }
}
