import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { type App, openApp } from "#app";
import { changeControls } from "#data/platform/controls.ts";
import { type Notification, notifications } from "#data/platform/notification-schema.ts";
import { defineJob, event, linear } from "#jobs";
import { catalogueOf } from "#jobs/catalogue.ts";
import { readConfig } from "#settings/config.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { TestClock } from "#support/test-clock.ts";
import type { LogEntry } from "#telemetry/log.ts";

const fails = defineJob({
  id: "fails",
  family: { id: "samples", title: "Samples" },
  summary: "A sample",
  on: event(),
  input: z.object({ says: z.string(), errorClass: z.string() }),
  concurrency: () => null,
  retry: linear({ retries: 1, delay: "1s" }),
  async run({ input: { says, errorClass } }) {
    throw Object.assign(new Error(says), { errorClass });
  },
});

let database: TestDatabase;
let app: App;
const clock = new TestClock();
const log: LogEntry[] = [];
beforeAll(async () => {
  database = await migratedDatabase();
  const config = readConfig({ DATABASE_URL: database.url, DATABASE_POOL_MAX: "4" }, [{ id: "fails" }]);
  app = openApp(config, catalogueOf([fails]), {
    clock,
    sink: (entry) => log.push(entry),
    dispatch: async () => undefined,
  });
});
afterAll(async () => {
  await app.close(0);
  await database.drop();
});
afterEach(async () => {
  await emptyTables(app.db, ["platform.job_runs", "platform.notifications", "platform.notification_deliveries"]);
  await app.db.execute(sql`delete from platform.controls where scope <> 'global'`);
  log.length = 0;
});

/** Executes the attempts of runs that fail with the given errors, as one batch. */
async function failing(inputs: readonly { says: string; errorClass: string }[], attempts = 1): Promise<string[]> {
  const requests = inputs.map((input) => ({ input, trigger: "event" as const, requestedBy: "a test" }));
  const ids = (await app.enqueuer.enqueueMany(app.db, fails, requests)).map(({ id }) => id);
  for (let attempt = 1; attempt <= attempts; attempt++) {
    await app.runner.executeBatch(fails, ids);
    clock.advance(1_000);
  }
  return ids;
}

async function storedNotifications(): Promise<Notification[]> {
  return app.db.select().from(notifications).orderBy(notifications.id);
}

it("the operators are notified in the transaction, with the cause and the remedy", async () => {
  const [id] = await failing([{ says: "401 from the bank", errorClass: "auth" }]);
  const [notification, ...others] = await storedNotifications();
  expect(notification).toMatchObject({
    recipient: "operators",
    family: "samples",
    severity: "WARN",
    type: "run.dead",
    state: "sent",
    channels: ["web"],
    title: "fails failed for good",
    data: { job: "fails", run: id, errorClass: "auth" },
  });
  expect(notification!.body).toBe(
    `Run ${id}, after 1 attempt: 401 from the bank\n\n` +
      `Renew the credentials that were refused, then run it again: POST api/admin/dead-letters/replay with {"runs":["${id}"]}, or npm run rota -- replay ${id}. ` +
      `Or dismiss it: POST api/admin/dead-letters/${id}/dismiss with a reason, or npm run rota -- dismiss ${id}.`,
  );
  expect(others).toEqual([]);
});

it("there is no notification before the last attempt", async () => {
  const input = { says: "no answer", errorClass: "transient" };
  await failing([input], 1);
  expect(await storedNotifications()).toEqual([]);
  await failing([input], 2);
  expect((await storedNotifications()).map(({ body }) => body)).toEqual([
    expect.stringContaining("after 2 attempts: no answer"),
  ]);
});

it("dead runs of one cause within an hour are one notification, another cause is its own", async () => {
  const broken = [1, 2, 3].map((n) => ({ says: `row ${n} is broken`, errorClass: "validation" }));
  await failing([...broken, { says: "no such file", errorClass: "validation" }]);
  await failing(broken);
  expect((await storedNotifications()).map(({ body }) => body.split("\n")[0])).toEqual([
    expect.stringMatching(/^Run \S+ \(and 2 more\), after 1 attempt: row \d is broken$/),
    expect.stringMatching(/^Run \S+, after 1 attempt: no such file$/),
  ]);
  clock.advance(3_600_000);
  await failing(broken);
  expect(await storedNotifications()).toHaveLength(3);
});

it("it is stored as suppressed when messages to people are switched off", async () => {
  const off = {
    scope: "family:samples" as const,
    change: { commsEnabled: false },
    who: "ada",
    reason: "a test",
    now: clock.now(),
  };
  await app.db.transaction((tx) => changeControls(tx, off));
  await failing([{ says: "no such file", errorClass: "validation" }]);
  expect(await storedNotifications()).toMatchObject([{ state: "suppressed", reason: "comms disabled" }]);
});

it("a run ends also when the notification fails, which is logged", async () => {
  await app.db.execute(sql`alter table platform.notifications rename to mislaid`);
  const [id] = await failing([{ says: "no such file", errorClass: "validation" }]);
  await app.db.execute(sql`alter table platform.mislaid rename to notifications`);
  const [run] = await app.db.execute(sql`select state from platform.job_runs where id = ${id}::uuid`);
  expect(run).toEqual({ state: "dead" });
  expect(log.map(({ message }) => message)).toContain("Alerting about dead runs failed; see the dead letters");
});
