import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { defineJob } from "#jobs";
import { tick } from "#runner/tick.ts";
import { schedule } from "#schedule/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";

const noon = new Date("2026-03-10T12:00:00Z");
const daily = schedule("0 0 12 * * *", "UTC");
const job = defineJob({
  id: "daily_sample",
  family: { id: "samples", title: "Samples" },
  summary: "A sample",
  on: daily,
  input: z.strictObject({}),
  run: async () => undefined,
});

let database: TestDatabase;
let app: TestProcess;
beforeAll(async () => {
  database = await migratedDatabase();
  app = startProcess(database.url, [job]);
  await app.db.execute(sql`
    create function refuse() returns trigger language plpgsql as $$
    begin raise exception 'the database system is shutting down' using errcode = '57P03'; end $$`);
});
afterAll(async () => {
  await app.close();
  await database.drop();
});
beforeEach(() => emptyTables(app.db, ["platform.job_runs"]));

const goesAway = () =>
  app.db.execute(sql`create trigger away before insert on platform.job_runs execute function refuse()`);
const comesBack = () => app.db.execute(sql`drop trigger if exists away on platform.job_runs`);

it("a slot whose timer fires while the database is unavailable runs when it is back", async () => {
  await goesAway();
  let looks = 0;
  const pause = async () => {
    if (++looks === 3) await comesBack();
  };
  const facts = { runner: app.runner, clock: app.clock, isPastDue: false, pause };
  expect(await tick(facts, job, daily)).toMatchObject({ state: "succeeded", scheduledFor: noon });
  expect(looks).toBe(3);
});

it("a process that stops does not wait for the database", async () => {
  await goesAway();
  const stopping = startProcess(database.url, [job]);
  const pause = () => stopping.runner.drain(0);
  expect(
    await tick({ runner: stopping.runner, clock: app.clock, isPastDue: false, pause }, job, daily),
  ).toBeUndefined();
  await comesBack();
  await stopping.close();
});
