import { sql } from "drizzle-orm";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { type Notification, notifications } from "#data/platform/notification-schema.ts";
import { sendDigestEmail } from "#functions/platform/send-digest-email.ts";
import { sendNotification } from "#functions/platform/send-notification.ts";
import { defineJob, manual } from "#jobs";
import { emailOf } from "#notifications/email.ts";
import { DIGEST_TYPE, type NewNotification } from "#notifications/notification.ts";
import { notify } from "#notifications/notify.ts";
import { readConfig } from "#settings/config.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess } from "#support/test-process.ts";

/** 07:00 in Phoenix. */
const MORNING = "2026-03-10T14:00:00Z";
const MAIL = { NOTIFY_EMAIL_FROM: "rota@example.org", SMTP_URL: "smtp://127.0.0.1:1" };

const { url, db } = await openDatabase();
afterEach(async () => {
  await emptyTables(db, [
    "platform.job_runs",
    "platform.notifications",
    "platform.notification_deliveries",
    "platform.communication_allowlist",
  ]);
  await db.execute(sql`update platform.controls set quiet_from = null, quiet_to = null, quiet_zone = null`);
});

const tell = defineJob({
  id: "tell",
  family: { id: "tasks", title: "Tasks" },
  summary: "Tell",
  on: manual,
  input: z.object({ asked: z.array(z.custom<NewNotification>()) }),
  run: (context) => context.transaction(async (tx) => ({ ...(await notify(context, tx, context.input.asked)) })),
});

const note = (title: string, given: Partial<NewNotification> = {}): NewNotification => ({
  recipient: "anna",
  type: "note",
  severity: "INFO",
  title,
  body: "",
  ...given,
});

async function does(job: typeof tell, at: string, input: unknown = {}, env: Record<string, string> = MAIL) {
  const process = startProcess(url, [tell, sendDigestEmail, sendNotification], {
    db,
    env,
    clock: new TestClock(at),
  });
  const { id } = await process.enqueuer.enqueue(job, { input, trigger: "manual", requestedBy: "a test" });
  return (await process.runner.execute(id))!.result;
}
const notifyAt = (at: string, ...asked: NewNotification[]) => does(tell, at, { asked });
const digest = (at = MORNING, env = MAIL as Record<string, string>) => does(sendDigestEmail, at, {}, env);
const allowed = (recipient = "anna") =>
  db.execute(
    sql`insert into platform.communication_allowlist values (${recipient}, 'email', ${`${recipient}@example.org`}, 'a test', now())`,
  );
const digests = async () =>
  (await db.select().from(notifications)).filter(({ type }: Notification) => type === DIGEST_TYPE);

it("sends each user one mail with the unread notifications of the last day, the most urgent first", async () => {
  await allowed("anna");
  await allowed("ben");
  await notifyAt("2026-03-09T13:59:59Z", note("too old"));
  await notifyAt("2026-03-09T14:00:00Z", note("just in time"));
  await notifyAt("2026-03-10T03:00:00Z", note("warned", { severity: "WARN" }), note("Ben's", { recipient: "ben" }));
  expect(await digest()).toEqual({ written: 2 });

  const [annas] = (await digests()).filter(({ recipient }) => recipient === "anna");
  expect(annas).toMatchObject({ state: "pending", channels: ["email"], title: "2 unread notifications, 2026-03-10" });
  const { text, html } = emailOf(annas!);
  expect(text.indexOf("warned")).toBeLessThan(text.indexOf("just in time"));
  for (const part of [text, html]) {
    expect(part).not.toMatch(/too old|Ben/);
    expect(part).toContain("9 Mar 2026, 20:00");
  }
});

it("sends one mail a local day in any number of runs, and no notification twice", async () => {
  await allowed();
  await notifyAt("2026-03-10T12:00:00Z", note("one"));
  expect(await digest()).toEqual({ written: 1 });
  expect(await digest()).toEqual({});
  await notifyAt("2026-03-10T14:30:00Z", note("two"));
  expect(await digest("2026-03-10T15:00:00Z")).toEqual({ "had one today": 1 });
  expect(await digest("2026-03-11T14:00:00Z")).toEqual({ written: 1 });
  expect((await digests()).map(({ title }) => title)).toEqual([
    "1 unread notification, 2026-03-10",
    "1 unread notification, 2026-03-11",
  ]);
});

describe("sends no mail", () => {
  it("without unread notifications", async () => {
    await allowed();
    await notifyAt("2026-03-10T12:00:00Z", note("read"));
    await db.execute(sql`update platform.notifications set read_at = now()`);
    expect(await digest()).toEqual({});
  });

  it("to users outside the allow-list, or without an e-mail channel: their notifications wait", async () => {
    await notifyAt("2026-03-10T12:00:00Z", note("unread"));
    expect(await digest()).toEqual({});
    await allowed();
    expect(await digest(MORNING, {})).toEqual({});
    expect(await digest()).toEqual({ written: 1 });
  });
});

it("includes notifications that quiet hours delayed, also those older than a day, and marks them as sent", async () => {
  await allowed();
  await db.execute(
    sql`update platform.controls set quiet_from = '20:00', quiet_to = '08:00', quiet_zone = 'America/Phoenix'`,
  );
  await notifyAt("2026-03-09T05:00:00Z", note("in the night", { channels: ["email"] }));
  expect(await db.select().from(notifications)).toMatchObject([
    { state: "pending", reason: expect.stringContaining("quiet hours until 08:00") as string },
  ]);
  // 07:00 is within the quiet hours: the digest itself is exempt.
  expect(await digest()).toEqual({ written: 1 });
  const [row] = (await db.select().from(notifications)).filter(({ type }) => type === "note");
  expect(row).toMatchObject({ state: "sent", reason: null, digestedAt: new Date(MORNING) });
});

it("is due at seven in TAX_LIENS_TIME_ZONE, unless its own setting names a zone", () => {
  const zoneOf = (env: Record<string, string>) =>
    readConfig({ DATABASE_URL: "postgres://a@127.0.0.1/b", ...env }, [sendDigestEmail]).jobs.get("send_digest_email");
  expect(zoneOf({})).toEqual({});
  expect(zoneOf({ TAX_LIENS_TIME_ZONE: "America/Denver" })).toEqual({ timeZone: "America/Denver" });
  expect(zoneOf({ TAX_LIENS_TIME_ZONE: "America/Denver", SEND_DIGEST_EMAIL_TIME_ZONE: "UTC" })).toEqual({
    timeZone: "UTC",
  });
});
