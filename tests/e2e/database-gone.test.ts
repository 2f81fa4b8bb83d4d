import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { expect, it } from "vitest";
import { startStack, stateDirectory, until } from "./stack-process.ts";

const state = await stateDirectory();

it("broken database connections under load fail their requests, and never the process", async () => {
  const app = await startStack(state);
  const admin = postgres(app.databaseUrl, { max: 1, onnotice: () => undefined });
  const statuses = new Set<number>();
  let isLoaded = true;
  const clients = Array.from({ length: 8 }, async () => {
    while (isLoaded) statuses.add((await app.call("GET", "api/admin/runs?limit=5")).status);
  });
  for (let round = 0; round < 25; round++) {
    await admin`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'rota %' and pid <> pg_backend_pid()`;
    await sleep(20);
  }
  isLoaded = false;
  await Promise.all(clients);
  await admin.end();
  expect(
    [...statuses].filter((status) => status !== 200 && status !== 503),
    "other statuses than 200 and 503",
  ).toEqual([]);
  await until(
    async () => (await fetch(`${app.url}/api/health/ready`)).status,
    (status) => status === 200,
  );
  expect(await app.stop()).toBe(0);
});

it("a PostgreSQL that is killed leaves one clear message in the terminal, no statements, and health that answers", async () => {
  const app = await startStack(state);
  const sql = postgres(app.databaseUrl, { max: 1, onnotice: () => undefined });
  const [setting] = await sql<{ data_directory: string }[]>`show data_directory`;
  const data = setting!.data_directory;
  await sql.end();
  const postmaster = parseInt(await readFile(join(data, "postmaster.pid"), "utf8"));
  const before = app.output().length;
  process.kill(postmaster, "SIGKILL");
  const message =
    `PostgreSQL (process ${postmaster}) ended unexpectedly. Its log is ${join(data, "../../postgres.log")}. ` +
    "Stop Rota and restart it with npm start; committed data is kept.";
  await until(
    async () => app.output(),
    (output) => output.includes(message),
  );
  const answers = await Promise.all(Array.from({ length: 30 }, () => app.call("GET", "api/admin/runs")));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
  expect((await fetch(`${app.url}/api/health/ready`)).status).toBe(503);
  const shown = app.output().slice(before);
  expect(shown.split(message)).toHaveLength(2);
  expect(shown).not.toMatch(/\b(select|insert into|update|delete from) "?platform|Failed query/i);
  await app.kill();
});
