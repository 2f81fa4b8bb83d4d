import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll } from "vitest";
import type { Db } from "#data/client.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { dailyDigest } from "#functions/personal-ops/daily-digest.ts";
import { morningCall } from "#functions/personal-ops/morning-call.ts";
import { sendNotification } from "#functions/platform/send-notification.ts";
import type { Job } from "#jobs";
import { type FakeTelegram, startFakeTelegram } from "#local/providers/fake-telegram.ts";
import { type FakeTwilio, startFakeTwilio } from "#local/providers/fake-twilio.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";

export const PERSON = "user:owner";
export const CHAT = "4711";
export const NUMBER = "+15005550009";

/** The fake servers through which a test reaches the person, empty before each test. */
export interface Messengers {
  readonly telegram: FakeTelegram;
  readonly twilio: FakeTwilio;
  /** The settings of both. */
  readonly env: Record<string, string>;
}

export function startMessengers(): () => Messengers {
  let messengers: Messengers;
  beforeAll(async () => {
    const [telegram, twilio] = await Promise.all([startFakeTelegram(), startFakeTwilio()]);
    messengers = { telegram, twilio, env: messengerSettings({ telegram, twilio }) };
  });
  afterEach(() => {
    for (const server of [messengers.telegram, messengers.twilio]) {
      server.recover();
      (server.sent as unknown[]).length = 0;
      (server.requests as string[]).length = 0;
    }
  });
  afterAll(() => Promise.all([messengers.telegram.close(), messengers.twilio.close()]));
  return () => messengers;
}

export function messengerSettings({ telegram, twilio }: Pick<Messengers, "telegram" | "twilio">) {
  return {
    TELEGRAM_BASE_URL: telegram.origin,
    TELEGRAM_BOT_TOKEN: telegram.token,
    TWILIO_BASE_URL: twilio.origin,
    TWILIO_ACCOUNT_SID: twilio.accountSid,
    TWILIO_AUTH_TOKEN: twilio.authToken,
    TWILIO_FROM: "+15005550006",
    OUTBOUND_TIMEOUT: "5s",
  };
}

/** Removes what a test wrote. */
export async function emptyPerson(db: Db): Promise<void> {
  await emptyTables(db, [
    "platform.job_runs",
    "platform.notifications",
    "platform.notification_deliveries",
    "platform.communication_allowlist",
    "platform.audit_log",
    "personal_ops.incidents",
    "personal_ops.agent_audit_log",
  ]);
  await db.execute(
    sql`update platform.controls set quiet_from = null, quiet_to = null, quiet_zone = null, comms_enabled = true`,
  );
}

/** Puts the person on the allow-list. */
export async function allow(db: Db, ...channels: ("chatbot" | "voice" | "sms")[]): Promise<void> {
  for (const channel of channels) {
    const address = channel === "chatbot" ? CHAT : NUMBER;
    await db.execute(
      sql`insert into platform.communication_allowlist values (${PERSON}, ${channel}, ${address}, 'a test', now())`,
    );
  }
}

export const JOBS: readonly Job[] = [dailyDigest, morningCall, sendNotification];

export function personProcess(url: string, db: Db, at: string, env: Record<string, string>): TestProcess {
  return startProcess(url, JOBS, { db, env, clock: new TestClock(at) });
}

/** Executes a run and its retries, each at its time, then the runs of the notifications that it created. */
export async function untilOver(process: TestProcess, run: Run): Promise<Run> {
  let current = run;
  while (current.state === "retrying") {
    process.clock.moveTo(current.notBefore!);
    current = (await process.runner.execute(current.id))!;
  }
  for (const { id } of process.dispatched.splice(0)) if (id !== run.id) await process.runner.execute(id);
  return current;
}

/** A requested run of a job, with its retries. */
export async function request(process: TestProcess, job: Job): Promise<Run> {
  const asked = await process.enqueuer.enqueue(job, { input: {}, trigger: "manual", requestedBy: "a test" });
  process.dispatched.length = 0;
  if (asked.state === "skipped") return asked;
  return untilOver(process, (await process.runner.execute(asked.id))!);
}

/** The slot of a job, with its retries. */
export async function tick(process: TestProcess, job: Job, slot = process.clock.now()): Promise<Run> {
  return untilOver(process, (await process.runner.runSlot(job, slot))!);
}
