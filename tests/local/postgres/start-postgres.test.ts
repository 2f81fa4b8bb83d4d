import { chmod, mkdtemp, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { freePort } from "#local/ports.ts";
import { type RunningPostgres, startPostgres } from "#local/postgres/start-postgres.ts";
import { startProgram } from "#support/program.ts";
import { temporaryDirectory } from "#support/temporary-directory.ts";
import { query, startHere } from "./test-server.ts";

describe("a running database", () => {
  let dataDirectory: string;
  let server: RunningPostgres;
  let sql: postgres.Sql;

  beforeAll(async () => {
    dataDirectory = await mkdtemp(join(tmpdir(), "rota-test-"));
    server = await startPostgres({ dataDirectory, settings: { work_mem: "20MB", cluster_name: "it's mine" } });
    sql = postgres(server.url, { max: 1 });
  });
  afterAll(async () => {
    await sql.end();
    await server.stop();
    await rm(dataDirectory, { recursive: true });
  });

  const setting = async (name: string) => (await sql`SELECT current_setting(${name}) AS value`)[0]?.value as unknown;

  test("is reachable only from this machine, and only with its password", async () => {
    expect(await setting("listen_addresses")).toBe("127.0.0.1");
    expect(await setting("unix_socket_directories")).toBe("");
    const stranger = postgres(server.url.replace(/:[^:@]+@/, ":guess@"), { max: 1 });
    await expect(stranger`SELECT 1`).rejects.toThrow(/password authentication failed/);
    const { mode } = await stat(join(dataDirectory, "cluster", "password"));
    expect(mode & 0o777).toBe(0o600);
  });

  test("has the durability, the encoding and the time zone of the cloud database", async () => {
    expect(await setting("fsync")).toBe("on");
    expect(await setting("synchronous_commit")).toBe("on");
    expect(await setting("TimeZone")).toBe("UTC");
    const [database] = await sql`
      SELECT datname, pg_encoding_to_char(encoding) AS encoding, datlocprovider AS provider, datlocale AS locale
      FROM pg_database WHERE datname = current_database()`;
    expect(database).toEqual({ datname: "rota", encoding: "UTF8", provider: "b", locale: "C.UTF-8" });
  });

  test("prefers the caller's settings to the defaults, and escapes quotes", async () => {
    expect(await setting("work_mem")).toBe("20MB");
    expect(await setting("shared_buffers")).toBe("128MB");
    expect(await setting("cluster_name")).toBe("it's mine");
  });

  test("is not started twice: the second start names the process that uses it", async () => {
    await expect(startPostgres({ dataDirectory })).rejects.toThrow(
      `The database in ${dataDirectory} is already in use by process ${process.pid}. Stop that process`,
    );
  });
});

test("data, password and port survive a restart, with any directory name", async () => {
  const parent = await temporaryDirectory();
  await chmod(parent, 0o755);
  const dataDirectory = join(parent, "it's für Data");
  const first = await startHere({ dataDirectory });
  await query(first.url, (sql) => sql`CREATE TABLE thing AS SELECT 7 AS id`);
  await first.stop();
  await first.stop();
  const second = await startHere({ dataDirectory });
  expect(second.url).toBe(first.url);
  expect(await query(second.url, (sql) => sql`SELECT id FROM thing`)).toEqual([{ id: 7 }]);
});

test("a requested port in use is named, with the setting that changes it", async () => {
  const port = await occupiedPort();
  await expect(startPostgres({ dataDirectory: await temporaryDirectory(), port })).rejects.toThrow(
    `Port ${port} is in use; PostgreSQL needs it. Set ROTA_POSTGRES_PORT to another port, or stop the other program.`,
  );
});

test("a stored port in use is replaced, and a requested port overrides it", async () => {
  const dataDirectory = await temporaryDirectory();
  const first = await startHere({ dataDirectory });
  await first.stop();
  await occupy(first.port);
  const second = await startHere({ dataDirectory });
  expect(second.port).not.toBe(first.port);
  await second.stop();
  const wish = await freePort();
  const third = await startHere({ dataDirectory, port: wish });
  expect(third.port).toBe(wish);
  expect(await query(third.url, (sql) => sql`SELECT 1 AS one`)).toEqual([{ one: 1 }]);
});

test("of two concurrent starts on an empty directory one runs and the other names it", async () => {
  const dataDirectory = await temporaryDirectory();
  const rivals = [1, 2].map(() => startProgram(new URL("postgres-starter.ts", import.meta.url), [dataDirectory]));
  const answers = await Promise.all(rivals.map((rival) => rival.line(1)));
  expect(answers.filter((answer) => answer.startsWith("{"))).toHaveLength(1);
  const winner = rivals[answers.findIndex((answer) => answer.startsWith("{"))];
  expect(answers.find((answer) => answer.startsWith("refused"))).toContain(`in use by process ${winner?.pid}`);

  await Promise.all(rivals.map((rival) => rival.kill()));
  const after = await startHere({ dataDirectory });
  expect(await query(after.url, (sql) => sql`SELECT 1 AS one`)).toEqual([{ one: 1 }]);
});

test("a Ctrl-C in the terminal does not stop the server, because the app may still drain", async () => {
  const dataDirectory = await temporaryDirectory();
  const app = startProgram(new URL("postgres-starter.ts", import.meta.url), [dataDirectory]);
  const { url, pid } = JSON.parse(await app.line(1)) as { url: string; pid: number };
  process.kill(-app.pid, "SIGINT");
  const running = await query(url, (sql) => sql`SELECT pg_sleep(0.2), 1 AS one`);
  expect(running[0]).toMatchObject({ one: 1 });
  process.kill(pid, 0);
  await app.kill();
  await startHere({ dataDirectory });
});

async function occupiedPort(): Promise<number> {
  const port = await freePort();
  await occupy(port);
  return port;
}

async function occupy(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
}
