import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { defineJob, linear, manual } from "#jobs";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";

let times = 0;
const counted = {
  family: { id: "samples", title: "Samples" },
  summary: "A sample",
  on: manual,
  input: z.strictObject({}),
  retry: linear({ retries: 1, delay: "1s" }),
  run: async () => ({ times: ++times }),
};
const alone = defineJob({ id: "counted_sample", ...counted });
const chained = defineJob({ id: "chained_sample", ...counted, then: ["counted_sample"] });

let database: TestDatabase;
let app: TestProcess;
beforeAll(async () => {
  database = await migratedDatabase();
  app = startProcess(database.url, [alone, chained]);
  // The end of a run is refused as often as `refusals` says, as a database does that is about to restart.
  await app.db.execute(sql`
    create sequence refused minvalue 0 start 0;
    create table refusals (n integer, code text);
    insert into refusals values (0, '57P01');
    create function refuse() returns trigger language plpgsql as $$
    begin
      if nextval('refused') < (select n from refusals) then
        raise exception 'terminating connection' using errcode = (select code from refusals);
      end if;
      return new;
    end $$;
    create trigger refuse before update on platform.job_runs for each row when (new.finished_at is not null) execute function refuse()`);
});
afterAll(async () => {
  await app.close();
  await database.drop();
});
beforeEach(async () => {
  times = 0;
  await app.db.execute(sql`alter sequence refused restart`);
  await emptyTables(app.db, ["platform.job_runs"]);
});

const refusing = (n: number, code: string) => app.db.execute(sql`update refusals set n = ${n}, code = ${code}`);
const asked = { input: {}, trigger: "manual" as const, requestedBy: "a test" };

describe("a completion that the database refuses", () => {
  it.each([
    ["during a restart", alone, "57P01"],
    ["because of a deadlock", alone, "40P01"],
    ["together with its chain", chained, "57P01"],
  ])("%s is retried, and the work is not repeated", async (_, job, code) => {
    await refusing(2, code);
    const { id } = await app.enqueuer.enqueue(job, asked);
    expect(await app.runner.execute(id)).toMatchObject({ state: "succeeded", attempt: 1, result: { times: 1 } });
    expect(times).toBe(1);
    const runs = await app.db.execute(sql`select job_id from platform.job_runs order by id`);
    expect(runs.map(({ job_id }) => job_id)).toEqual([job.id, ...job.then]);
  });

  it("with an error of its own is not retried: the rescue takes the run when its lease has expired", async () => {
    await refusing(1, "P0001");
    const { id } = await app.enqueuer.enqueue(alone, asked);
    await expect(app.runner.execute(id)).rejects.toThrow();
    const [run] = await app.db.execute(sql`select state from platform.job_runs where id = ${id}::uuid`);
    expect(run).toEqual({ state: "running" });
  });
});
