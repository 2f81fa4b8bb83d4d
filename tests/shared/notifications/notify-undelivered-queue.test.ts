import { afterAll, beforeAll, expect, it } from "vitest";
import { type App, openApp } from "#app";
import { notifications } from "#data/platform/notification-schema.ts";
import { catalogueOf } from "#jobs/catalogue.ts";
import { notifyUndeliveredQueue } from "#notifications/notify-undelivered-queue.ts";
import { readConfig } from "#settings/config.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { TestClock } from "#support/test-clock.ts";

let database: TestDatabase;
let app: App;
const clock = new TestClock();
beforeAll(async () => {
  database = await migratedDatabase();
  app = openApp(readConfig({ DATABASE_URL: database.url, DATABASE_POOL_MAX: "2" }, []), catalogueOf([]), {
    clock,
    sink: () => undefined,
    dispatch: async () => undefined,
  });
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

it("operators get one notification an hour for each queue that does not deliver", async () => {
  const text = "The queue job-runs does not deliver";
  const notifyOf = (queue: string) => notifyUndeliveredQueue(app, { queue, run: "r1", text });
  await notifyOf("job-runs");
  await notifyOf("job-runs");
  await notifyOf("send-notification");
  clock.advance(3_600_000);
  await notifyOf("job-runs");
  const all = await app.db.select().from(notifications);
  expect(all.map(({ data }) => data)).toEqual([
    { queue: "job-runs", run: "r1" },
    { queue: "send-notification", run: "r1" },
    { queue: "job-runs", run: "r1" },
  ]);
  expect(all[0]).toMatchObject({ type: "queue.not_delivering", severity: "WARN" });
  expect(all[0]!.body).toContain(text);
});
