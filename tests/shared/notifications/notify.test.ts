import { sql } from "drizzle-orm";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { auditLog } from "#data/platform/control-schema.ts";
import { changeControls } from "#data/platform/controls.ts";
import { notificationDeliveries, notifications } from "#data/platform/notification-schema.ts";
import { jobRuns } from "#data/platform/platform-schema.ts";
import { defineJob, event, type JobContext, manual } from "#jobs";
import type { NewNotification } from "#notifications/notification.ts";
import { notify, type NotifyCounts } from "#notifications/notify.ts";
import type { Environment } from "#settings/environment.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { startProcess } from "#support/test-process.ts";

const family = { id: "tasks", title: "Tasks" };
/** Stands where the app has the real one: here it is only put into the ledger. */
const sendNotification = defineJob({
  id: "send_notification",
  family,
  summary: "Carry a notification",
  on: event(),
  input: z.strictObject({ notification: z.uuid() }),
  run: async () => undefined,
});

const { url, db } = await openDatabase();
afterEach(async () => {
  await emptyTables(db, [
    "platform.job_runs",
    "platform.notifications",
    "platform.notification_deliveries",
    "platform.communication_allowlist",
    "platform.audit_log",
  ]);
  await db.execute(sql`delete from platform.controls where scope <> 'global'`);
});

const reminder = (n = 1, given: Partial<NewNotification> = {}): NewNotification => ({
  recipient: `user:${n}`,
  type: "task.reminder",
  severity: "INFO",
  title: `Task ${n}`,
  body: "It is due.",
  ...given,
});

/** Notifies in a job's own transaction. */
async function runNotify(
  asked: readonly NewNotification[],
  work?: (context: JobContext<unknown>, notified: NotifyCounts) => Promise<void>,
  env: Environment = {},
) {
  const job = defineJob({
    id: "remind",
    family,
    summary: "Remind",
    on: manual,
    input: z.strictObject({}),
    run: async (context) =>
      context.transaction(async (tx) => {
        const notified = await notify(context, tx, asked);
        await work?.(context, notified);
        return { ...notified };
      }),
  });
  const process = startProcess(url, [job, sendNotification], { db, env });
  const asking = await process.enqueuer.enqueue(job, { input: {}, trigger: "manual", requestedBy: "a test" });
  process.dispatched.length = 0;
  const run = (await process.runner.execute(asking.id))!;
  return { run, dispatched: process.dispatched, events: process.observed.events };
}

const allow = (recipient: string, channel: string, address = "anna@example.org") =>
  db.execute(
    sql`insert into platform.communication_allowlist values (${recipient}, ${channel}, ${address}, 'a test', now())`,
  );

describe("in the transaction of the caller", () => {
  it("a reminder is in the app at once, without a run", async () => {
    const { run, dispatched, events } = await runNotify([reminder()]);
    expect(run.result).toEqual({ created: 1, duplicates: 0, sent: 1, suppressed: 0, pending: 0 });
    expect(dispatched).toEqual([]);
    expect(events).toMatchObject([
      { channel: "notifications:user:1", type: "notification.created", data: { title: "Task 1", severity: "INFO" } },
    ]);
    const [row] = await db.select().from(notifications);
    expect(row).toMatchObject({
      family: "tasks",
      recipient: "user:1",
      channels: ["web"],
      state: "sent",
      attempts: 0,
      readAt: null,
      createdAt: new Date("2026-03-10T12:00:00Z"),
      deferredAt: new Date("2026-03-10T12:00:00Z"),
    });
    expect(await db.select().from(notificationDeliveries)).toMatchObject([
      { notificationId: row!.id, channel: "web", attempt: 0, state: "sent", runId: null },
    ]);
  });

  it("it is rolled back when the work fails", async () => {
    const { run, events } = await runNotify([reminder()], () => Promise.reject(new Error("after all not")));
    expect(run.errors).toMatchObject([{ message: "after all not" }]);
    expect(await db.select().from(notifications)).toEqual([]);
    expect(events).toEqual([]);
  });

  it("a thousand are created in as many statements as one", async () => {
    const { run } = await runNotify(Array.from({ length: 1_000 }, (_, n) => reminder(n)));
    expect(run.result).toMatchObject({ created: 1_000, sent: 1_000 });
    expect(await db.$count(jobRuns)).toBe(1);
  });
});

describe("a dedupe key", () => {
  it("notifies a recipient once, within one call and over many", async () => {
    const twice = [reminder(1, { dedupeKey: "task 7" }), reminder(1, { dedupeKey: "task 7" })];
    expect((await runNotify(twice)).run.result).toMatchObject({ created: 1, duplicates: 1 });
    expect((await runNotify(twice)).run.result).toMatchObject({ created: 0, duplicates: 2, sent: 0 });
    expect(await db.$count(notifications)).toBe(1);
  });

  it("applies per recipient, and notifications without one are created each time", async () => {
    const both = [reminder(1, { dedupeKey: "task 7" }), reminder(2, { dedupeKey: "task 7" }), reminder(1), reminder(1)];
    expect((await runNotify(both)).run.result).toMatchObject({ created: 4, duplicates: 0 });
  });
});

describe("a suppressed notification", () => {
  it("is stored with the reason when messages to people are switched off", async () => {
    await db.transaction((tx) =>
      changeControls(tx, {
        scope: "family:tasks",
        change: { commsEnabled: false },
        who: "a test",
        reason: "silence",
        now: new Date(),
      }),
    );
    const { run } = await runNotify([reminder(), reminder(2, { severity: "SEV0" })]);
    expect(run.result).toMatchObject({ created: 2, suppressed: 2, sent: 0 });
    const rows = await db.select().from(notifications);
    expect(rows.map(({ state, reason }) => ({ state, reason }))).toEqual([
      { state: "suppressed", reason: "comms disabled" },
      { state: "suppressed", reason: "comms disabled" },
    ]);
  });

  it("names the channel that is not configured", async () => {
    await allow("user:1", "sms", "+15005550006");
    expect((await runNotify([reminder(1, { channels: ["sms"] })])).run.result).toMatchObject({ suppressed: 1 });
    expect(await db.select().from(notifications)).toMatchObject([{ reason: "channel not configured" }]);
  });
});

it("each notification of one call is routed by its channels and the allow-list", async () => {
  await allow("user:1", "chatbot", "4711");
  await allow("user:2", "email");
  const asked = [1, 2, 3, 1].map((n, i) =>
    reminder(n, { channels: i < 3 ? ["web", "chatbot"] : ["web"], dedupeKey: `${i}` }),
  );
  const { run } = await runNotify([...asked, asked[0]!], undefined, { TELEGRAM_BOT_TOKEN: `1:${"t".repeat(35)}` });
  expect(run.result).toEqual({ created: 4, duplicates: 1, sent: 3, suppressed: 0, pending: 1 });

  const rows = await db.execute<{ way: string }>(sql`
    select concat_ws(' ', n.recipient, n.dedupe_key, n.state, n.settled_at is not null, d.channel, d.state, d.reason) as way
      from platform.notifications n left join platform.notification_deliveries d on d.notification_id = n.id
     order by n.dedupe_key, d.channel`);
  expect(rows.map(({ way }) => way)).toEqual([
    "user:1 0 pending f web sent",
    "user:2 1 sent t chatbot suppressed not on the allow-list",
    "user:2 1 sent t web sent",
    "user:3 2 sent t chatbot suppressed not on the allow-list",
    "user:3 2 sent t web sent",
    "user:1 3 sent t web sent",
  ]);
  const [waiting] = await db.execute(sql`
    select input ->> 'notification' as notification from platform.job_runs where job_id = 'send_notification'`);
  expect(
    await db
      .select({ id: notifications.id })
      .from(notifications)
      .where(sql`dedupe_key = '0'`),
  ).toEqual([{ id: waiting!.notification }]);
  expect((await db.select().from(auditLog)).map(({ reason }) => reason)).toEqual([
    "not on the allow-list for chatbot",
    "not on the allow-list for chatbot",
  ]);
});

it("an invalid notification is refused with its index; a long text is truncated", async () => {
  const { run } = await runNotify([reminder(), reminder(2, { recipient: " " })]);
  expect(run.state).toBe("dead");
  expect(run.errors).toMatchObject([{ message: expect.stringContaining("notifications.1.recipient") as string }]);
  expect(await db.$count(notifications)).toBe(0);

  await runNotify([reminder(1, { title: "ä".repeat(1_000), body: `zero\0${"b".repeat(30_000)}` })]);
  const [row] = await db.select().from(notifications);
  expect([row!.title.length, row!.body.length, row!.body.slice(0, 5)]).toEqual([300, 20_000, "zero\uFFFD"]);
});

it("the database refuses inconsistent rows", async () => {
  await runNotify([reminder()]);
  for (const change of [
    "state = 'gone'",
    "state = 'failed', reason = null",
    "settled_at = null",
    "channels = '{fax}'",
  ]) {
    await expect(db.execute(sql.raw(`update platform.notifications set ${change}`))).rejects.toThrow();
  }
  expect(await db.$count(auditLog)).toBe(0);
});
