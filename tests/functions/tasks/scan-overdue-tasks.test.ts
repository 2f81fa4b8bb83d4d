import { eq, sql } from "drizzle-orm";
import { afterEach, describe, expect, it } from "vitest";
import { notifications } from "#data/platform/notification-schema.ts";
import { tasks } from "#data/tasks/task-schema.ts";
import { scanOverdueTasks } from "#functions/tasks/scan-overdue-tasks.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { aTask } from "#support/factories.ts";
import { runJob } from "#support/run-job.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess } from "#support/test-process.ts";

const NOW = "2026-03-10T12:00:00Z";
const LATER = new Date("2026-03-11T08:00:00Z");

const { url, db } = await openDatabase();
afterEach(() =>
  emptyTables(db, [
    "tasks.tasks",
    "tasks.reminders",
    "platform.job_runs",
    "platform.notifications",
    "platform.notification_deliveries",
  ]),
);

const scan = (settings: Record<string, string> = {}) => runJob(scanOverdueTasks, { db, asOf: NOW, settings });
const storedNotifications = () => db.select().from(notifications).orderBy(notifications.id);
const statusOf = async (id: string) => (await db.select().from(tasks).where(eq(tasks.id, id)))[0]!.status;

it("marks an open task past its due date as overdue, and notifies its owner", async () => {
  const task = await aTask(db, { title: "File the taxes" });
  expect((await scan()).result).toEqual({ overdue: 1, reopened: 0 });
  expect(await statusOf(task.id)).toBe("overdue");
  expect(await storedNotifications()).toMatchObject([
    {
      recipient: "user:1",
      type: "task.overdue",
      severity: "INFO",
      title: "Overdue: File the taxes",
      body: "It was due 2026-03-10 09:00 Europe/Berlin",
      channels: ["web"],
      dedupeKey: `overdue:${task.id}:2026-03-10T08:00:00.000Z`,
    },
  ]);
});

describe("does not change", () => {
  it.each<[string, Parameters<typeof aTask>[1]]>([
    ["due at this very moment", { dueDate: new Date(NOW) }],
    ["due later", { dueDate: LATER }],
    ["without a due date", { dueDate: null }],
    ["completed", { status: "completed" }],
    ["deleted", { deletedAt: new Date(NOW) }],
    ["overdue already", { status: "overdue" }],
  ])("%s", async (_, given) => {
    const task = await aTask(db, given);
    expect((await scan()).result).toEqual({ overdue: 0, reopened: 0 });
    expect(await statusOf(task.id)).toBe(task.status);
    expect(await storedNotifications()).toEqual([]);
  });
});

it("reopens a postponed task, and notifies its owner again when it is late for the new date", async () => {
  const task = await aTask(db);
  await scan();
  await db.update(tasks).set({ dueDate: LATER }).where(eq(tasks.id, task.id));
  expect((await scan()).result).toEqual({ overdue: 0, reopened: 1 });
  expect(await statusOf(task.id)).toBe("open");

  await db
    .update(tasks)
    .set({ dueDate: new Date("2026-03-10T11:00:00Z") })
    .where(eq(tasks.id, task.id));
  await scan();
  expect((await storedNotifications()).map(({ dedupeKey }) => dedupeKey)).toEqual([
    `overdue:${task.id}:2026-03-10T08:00:00.000Z`,
    `overdue:${task.id}:2026-03-10T11:00:00.000Z`,
  ]);
});

it("notifies the owner once for each due date, however often the task becomes overdue", async () => {
  const task = await aTask(db);
  await scan();
  await db.update(tasks).set({ status: "open" }).where(eq(tasks.id, task.id));
  expect((await scan()).result).toEqual({ overdue: 1, reopened: 0 });
  expect(await storedNotifications()).toHaveLength(1);
});

it("notifies no owner when the setting is off", async () => {
  const task = await aTask(db);
  await scan({ TASKS_NOTIFY_OVERDUE: "false" });
  expect(await statusOf(task.id)).toBe("overdue");
  expect(await storedNotifications()).toEqual([]);
});

it("processes several pages to the end", async () => {
  await db.execute(sql`
    insert into tasks.tasks (id, owner, title, due_date, time_zone, created_at)
    select gen_random_uuid(), 'user:' || n % 7, 'A task', timestamptz '2026-03-10 08:00Z' - (n / 900) * interval '1 h', 'UTC', '2026-01-01'
      from generate_series(1, 4100) n`);
  expect((await scan()).result).toEqual({ overdue: 4_100, reopened: 0 });
  expect(await storedNotifications()).toHaveLength(4_100);
  expect((await scan()).result).toEqual({ overdue: 0, reopened: 0 });
});

it("changes nothing when its own setting disables it", async () => {
  const env = { SCAN_OVERDUE_TASKS_ENABLED: "false" };
  const app = startProcess(url, [scanOverdueTasks], { env, clock: new TestClock(NOW) });
  const task = await aTask(db);
  const run = await app.runner.runSlot(scanOverdueTasks, new Date(NOW));
  expect(run).toMatchObject({ state: "skipped", reason: "the job is switched off" });
  expect(await statusOf(task.id)).toBe("open");
  await app.close();
});
