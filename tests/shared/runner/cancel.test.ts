import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { aRun } from "#support/factories.ts";
import { lockWait } from "#support/lock-wait.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";

let database: TestDatabase;
let app: TestProcess;
beforeAll(async () => {
  database = await migratedDatabase();
  app = startProcess(database.url, []);
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

const by = { reason: "wrong file", who: "ada" };

it("a run whose attempt ends during the cancel is cancelled while it waits for the next attempt", async () => {
  const { id } = await aRun(app.db, { state: "running", concurrencyKey: "" });
  const { cancelling } = await app.db.transaction(async (tx) => {
    await tx.execute(sql`update platform.job_runs set state = 'retrying', not_before = now(), lease_holder = null,
      lease_expires_at = null where id = ${id}::uuid`);
    const cancelling = app.runner.cancel(id, by);
    await lockWait(app.db);
    return { cancelling };
  });
  expect(await cancelling).toMatchObject({ id, state: "cancelled", reason: "wrong file" });
});

it("a cancel of an ended or unknown run changes and audits nothing", async () => {
  const { id } = await aRun(app.db, { state: "dead" });
  expect(await app.runner.cancel(id, by)).toBeUndefined();
  expect(await app.runner.cancel("01a20446-8462-7461-aa6f-f02dc1e3f09a", by)).toBeUndefined();
  expect(await app.db.execute(sql`select from platform.audit_log where subject like ${`run:%${id}`}`)).toHaveLength(0);
});
