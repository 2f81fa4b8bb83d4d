import { eq, sql } from "drizzle-orm";
import { afterEach, expect, it } from "vitest";
import { notificationDeliveries, notifications } from "#data/platform/notification-schema.ts";
import { reminders, tasks } from "#data/tasks/task-schema.ts";
import { dispatchReminders } from "#functions/tasks/dispatch-reminders.ts";
import { openDatabase } from "#support/database.ts";
import { aReminder, aTask } from "#support/factories.ts";
import { runJob } from "#support/run-job.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess } from "#support/test-process.ts";

const NOW = "2026-03-10T12:00:00Z";

const { url, db } = await openDatabase();
afterEach(() =>
  db.execute(
    sql`truncate tasks.tasks, tasks.reminders, platform.job_runs, platform.notifications, platform.notification_deliveries restart identity`,
  ),
);

const dispatch = () => runJob(dispatchReminders, { db, asOf: NOW });
const storedNotifications = () => db.select().from(notifications).orderBy(notifications.id);
const asItIs = async (id: number) => (await db.select().from(reminders).where(eq(reminders.id, id)))[0]!;

it("marks a due reminder as sent with the time, and notifies its owner in the app and by chatbot", async () => {
  const task = await aTask(db, { title: "Call the bank" });
  const reminder = await aReminder(db, { taskId: task.id });
  const { result } = await dispatch();
  expect(result).toEqual({ sent: 1, suppressed: 0 });
  expect(await asItIs(reminder.id)).toMatchObject({ sent: true, sentAt: new Date(NOW) });
  expect(await storedNotifications()).toMatchObject([
    {
      family: "tasks",
      recipient: "user:1",
      channels: ["web", "chatbot"],
      severity: "INFO",
      type: "task.reminder",
      title: "Call the bank",
      body: "Due 2026-03-10 09:00 Europe/Berlin",
      data: { taskId: task.id },
      dedupeKey: `reminder:${reminder.id}`,
      state: "sent",
    },
  ]);
  const deliveries = await db.select().from(notificationDeliveries);
  expect(new Map(deliveries.map(({ channel, state, reason }) => [channel, reason ?? state]))).toEqual(
    new Map([
      ["web", "sent"],
      ["chatbot", "channel not configured"],
    ]),
  );
});

it("sends a reminder that is due now, not one that is due a millisecond later, and none twice", async () => {
  const { id: taskId } = await aTask(db);
  await aReminder(db, { taskId, remindAt: new Date("2026-03-10T12:00:00.000Z") });
  const later = await aReminder(db, { taskId, remindAt: new Date("2026-03-10T12:00:00.001Z") });
  expect((await dispatch()).result).toEqual({ sent: 1, suppressed: 0 });
  expect((await dispatch()).result).toEqual({ sent: 0, suppressed: 0 });
  expect(await asItIs(later.id)).toMatchObject({ sent: false, sentAt: null });
  expect(await storedNotifications()).toHaveLength(1);
});

it("marks and counts a reminder of a completed or deleted task, and notifies no owner", async () => {
  const completed = await aTask(db, { status: "completed" });
  const deleted = await aTask(db, { deletedAt: new Date(NOW) });
  const overdue = await aTask(db, { status: "overdue" });
  for (const { id } of [completed, deleted, overdue]) await aReminder(db, { taskId: id });
  expect((await dispatch()).result).toEqual({ sent: 1, suppressed: 2 });
  expect((await storedNotifications()).map(({ data }) => data)).toEqual([{ taskId: overdue.id }]);
  expect(await db.select().from(reminders).where(eq(reminders.sent, false))).toEqual([]);
});

it("sends the oldest first, and those of one instant by their number", async () => {
  const { id: taskId } = await aTask(db);
  await db.execute(sql`
    insert into tasks.reminders (task_id, remind_at)
    select ${taskId}::uuid, timestamptz '2026-03-10 11:00Z' - (n / 700) * interval '1 hour' from generate_series(1, 2100) n`);
  const { log } = await dispatch();
  const pages = log.flatMap(({ message, fields }) =>
    message === "Committed" ? [fields as { rows: number; ids: string[] }] : [],
  );
  expect(pages.map(({ rows }) => rows)).toEqual([2_000, 100]);
  // From the oldest hour to the newest they are 2100, 1400 to 2099, 700 to 1399 and 1 to 699.
  expect(pages.map(({ ids }) => ids.slice(0, 2).map(Number))).toEqual([
    [2_100, 1_400],
    [600, 601],
  ]);
});

it("two concurrent dispatchers share 8,000 reminders, and each causes one notification", async () => {
  const { id: taskId } = await aTask(db);
  await db.execute(sql`
    insert into tasks.reminders (task_id, remind_at)
    select ${taskId}::uuid, timestamptz '2026-03-10 11:00Z' + n * interval '100 ms' from generate_series(1, 8000) n`);
  const processes = [1, 2].map(() => startProcess(url, [dispatchReminders], { clock: new TestClock(NOW) }));
  const asked = await Promise.all(
    processes.map(({ runner }) =>
      runner.enqueuer.enqueue(dispatchReminders, { input: {}, trigger: "manual", requestedBy: "a test" }),
    ),
  );
  const runs = await Promise.all(processes.map(({ runner }, i) => runner.execute(asked[i]!.id)));
  expect(runs.map((run) => run?.state)).toEqual(["succeeded", "succeeded"]);
  const sent = runs.map((run) => Number(run!.result!.sent ?? 0));
  expect(sent[0]! + sent[1]!).toBe(8_000);
  const keys = (await storedNotifications()).map(({ dedupeKey }) => dedupeKey);
  expect(keys).toHaveLength(8_000);
  expect(new Set(keys).size).toBe(8_000);
  for (const process of processes) await process.close();
});

it("marks an unmarked reminder with an earlier notification, without a second one", async () => {
  const { id: taskId } = await aTask(db);
  const reminder = await aReminder(db, { taskId });
  await dispatch();
  await db.update(reminders).set({ sent: false, sentAt: null }).where(eq(reminders.id, reminder.id));
  await dispatch();
  expect(await storedNotifications()).toHaveLength(1);
  expect(await asItIs(reminder.id)).toMatchObject({ sent: true });
});

it("a repeated channel, an odd title and a task without a due date block no other reminder", async () => {
  const strange = await aTask(db, { title: " ", dueDate: null, timeZone: null });
  const unknown = await aTask(db, { timeZone: "Mars/Olympus" });
  await aReminder(db, { taskId: strange.id, channels: ["web", "web"] });
  await aReminder(db, { taskId: unknown.id, channels: ["web"] });
  expect((await dispatch()).result).toEqual({ sent: 2, suppressed: 0 });
  expect((await storedNotifications()).map(({ title, body }) => [title, body])).toEqual([
    ["task.reminder", ""],
    ["Water the plants", "Due 2026-03-10T08:00:00.000Z Mars/Olympus"],
  ]);
});

it("with comms turned off, notifications are stored as suppressed, and none is lost", async () => {
  await db.execute(sql`update platform.controls set comms_enabled = false where scope = 'global'`);
  const { id: taskId } = await aTask(db);
  await aReminder(db, { taskId });
  await dispatch();
  expect(await storedNotifications()).toMatchObject([{ state: "suppressed", reason: "comms disabled" }]);
  await db.execute(sql`update platform.controls set comms_enabled = true where scope = 'global'`);
});

it("the row of a task takes its reminders with it", async () => {
  const { id: taskId } = await aTask(db);
  await aReminder(db, { taskId });
  await db.delete(tasks).where(eq(tasks.id, taskId));
  expect(await db.select().from(reminders)).toEqual([]);
});
