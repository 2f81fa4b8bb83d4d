import { sql } from "drizzle-orm";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { changeControls } from "#data/platform/controls.ts";
import { findRun } from "#data/platform/job-runs.ts";
import { startDeliveries } from "#data/platform/notification-deliveries.ts";
import { notificationDeliveries, notifications } from "#data/platform/notification-schema.ts";
import { jobRuns, type Run } from "#data/platform/platform-schema.ts";
import type { FamilyScope } from "#data/platform/scope.ts";
import { skipWaitingRuns } from "#data/platform/waiting-runs.ts";
import { sendNotification } from "#functions/platform/send-notification.ts";
import { defineJob, manual } from "#jobs";
import type { NewNotification } from "#notifications/notification.ts";
import { notify } from "#notifications/notify.ts";
import { applyControls } from "#operations/controls-change.ts";
import { openDatabase } from "#support/database.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";
import {
  type Answer,
  type ReceivedNotification,
  startWebhookReceiver,
  WEBHOOK_SECRET,
} from "#support/webhook-receiver.ts";
import { Log } from "#telemetry/log.ts";
import { startAdminApi } from "../http/admin/admin-api.ts";

/** Notifications that wait for a switch. */
const WAITING = 300;

const { url, db } = await openDatabase({ poolMax: 6 });
afterEach(() =>
  db.execute(sql`
    truncate platform.job_runs, platform.notifications, platform.notification_deliveries, platform.communication_allowlist;
    update platform.controls set comms_enabled = true; delete from platform.controls where scope <> 'global'`),
);

const about = (n: number, given: Partial<NewNotification> = {}): NewNotification => ({
  recipient: `user:${n}`,
  type: "order.late",
  severity: "WARN",
  title: `Order ${n}`,
  body: `Order ${n} is late.`,
  channels: ["webhook"],
  ...given,
});

/** An app whose back office gives these answers, and the requests that it got. */
async function office(
  answer?: (delivered: ReceivedNotification, request: number) => Answer | Promise<Answer>,
  env: Record<string, string> = {},
) {
  const backOffice = await startWebhookReceiver(answer);
  onTestFinished(() => backOffice.close());
  const settings = { NOTIFY_WEBHOOK_URL: backOffice.url, NOTIFY_WEBHOOK_SECRET: WEBHOOK_SECRET, ...env };
  const process = startProcess(url, [tell, sendNotification], { db, env: settings });
  return { ...process, backOffice };
}

const tell = defineJob({
  id: "tell",
  family: { id: "orders", title: "Orders" },
  summary: "Tell",
  on: manual,
  input: z.object({ asked: z.array(z.custom<NewNotification>()) }),
  run: (context) => context.transaction(async (tx) => ({ ...(await notify(context, tx, context.input.asked)) })),
});

/** Creates notifications. @returns the runs that send them */
async function tellOf({ runner, dispatched }: TestProcess, asked: readonly NewNotification[]): Promise<string[]> {
  const { id } = await runner.enqueuer.enqueue(tell, { input: { asked }, trigger: "manual", requestedBy: "a test" });
  dispatched.length = 0;
  await runner.execute(id);
  return dispatched.splice(0).map((run) => run.id);
}

/** Executes all attempts, each at its time, until no run waits. */
async function untilSettled({ runner, clock, dispatched }: TestProcess, ids: readonly string[]): Promise<void> {
  let waiting = [...ids];
  for (let round = 0; waiting.length; round++) {
    if (round > 50) throw new Error("the runs do not come to an end");
    await runner.executeBatch(sendNotification, waiting);
    const next = dispatched.splice(0);
    waiting = next.map(({ id }) => id);
    for (const { at } of next) if (at > clock.now()) clock.moveTo(at);
  }
}

const states = (runs: readonly Run[]) => runs.map(({ state }) => state).toSorted();
const all = () => db.select().from(notifications).orderBy(notifications.recipient);
const deliveries = () => db.select().from(notificationDeliveries).orderBy(notificationDeliveries.attempt);

it("a provider gets the signed notification, and the run and its rows record it", async () => {
  const delivered: ReceivedNotification[] = [];
  const process = await office((one) => (delivered.push(one), { status: 200 }));
  const [run] = await tellOf(process, [about(1)]);
  await process.runner.executeBatch(sendNotification, [run!]);

  const [row] = await all();
  expect(delivered).toEqual([
    {
      id: row!.id,
      type: "order.late",
      severity: "WARN",
      recipient: "user:1",
      title: "Order 1",
      body: "Order 1 is late.",
      data: {},
      createdAt: "2026-03-10T12:00:00.000Z",
    },
  ]);
  expect(row).toMatchObject({ state: "sent", attempts: 1, providerMessageId: row!.id, reason: null });
  expect(await deliveries()).toMatchObject([{ channel: "webhook", attempt: 1, state: "sent", runId: run }]);
  expect(await findRun(db, run!)).toMatchObject({ state: "succeeded" });
});

describe("of a hundred notifications in one batch", () => {
  it("the invalid ones fail alone and at once, with the provider's reason", async () => {
    const poisoned = (delivered: ReceivedNotification) => Number(delivered.recipient.slice(5)) % 20 === 0;
    const refusal = { status: 422, body: JSON.stringify({ message: "no such customer" }) };
    const process = await office((delivered) => (poisoned(delivered) ? refusal : { status: 200 }));
    const ids = await tellOf(
      process,
      Array.from({ length: 100 }, (_, n) => about(n + 1)),
    );
    const runs = await process.runner.executeBatch(sendNotification, ids);
    expect(states(runs)).toEqual([...Array<string>(5).fill("dead"), ...Array<string>(95).fill("succeeded")]);
    const rows = await all();
    expect(rows.filter(({ state }) => state === "sent")).toHaveLength(95);
    const failed = rows.filter(({ state }) => state === "failed");
    expect(failed).toHaveLength(5);
    for (const { reason } of failed) expect(reason).toMatch(/^webhook: .* 422 .*no such customer/);
    expect(process.backOffice.requests()).toBe(100);
  });

  it("those with a transient error are retried, and each arrives once", async () => {
    const process = await office((_, request) => (request % 3 === 0 ? { status: 503 } : { status: 200 }));
    const ids = await tellOf(
      process,
      Array.from({ length: 100 }, (_, n) => about(n + 1)),
    );
    await untilSettled(process, ids);
    expect(process.backOffice.taken.size).toBe(100);
    expect(new Set((await all()).map(({ state }) => state))).toEqual(new Set(["sent"]));
  });
});

it("fails only after the last attempt, in the transaction that ends the run", async () => {
  const process = await office(() => ({ status: 500 }), { SEND_NOTIFICATION_MAX_RETRIES: "2" });
  const [run] = await tellOf(process, [about(1)]);
  await process.runner.executeBatch(sendNotification, [run!]);
  expect(await all()).toMatchObject([{ state: "sending", attempts: 1, reason: null }]);
  process.clock.advance(3_600_000);
  await untilSettled(process, [run!]);
  expect(await findRun(db, run!)).toMatchObject({ state: "dead", attempt: 3 });
  expect(await all()).toMatchObject([
    { state: "failed", attempts: 3, reason: expect.stringContaining("500") as string },
  ]);
  expect((await deliveries()).map(({ state }) => state)).toEqual(["retrying", "retrying", "failed"]);
});

describe("a provider with a rate limit", () => {
  it("of a short wait costs no attempt", async () => {
    const process = await office((_, request) =>
      request > 3 && request < 8 ? { status: 429, headers: { "retry-after-ms": "20" } } : { status: 200 },
    );
    const ids = await tellOf(
      process,
      Array.from({ length: 20 }, (_, n) => about(n + 1)),
    );
    const runs = await process.runner.executeBatch(sendNotification, ids);
    expect(states(runs)).toEqual(Array<string>(20).fill("succeeded"));
    expect(process.backOffice.taken.size).toBe(20);
    expect(new Set((await all()).map(({ attempts }) => attempts))).toEqual(new Set([1]));
  });

  it("of a long wait gets no request until then, and no run loses an attempt", async () => {
    const process = await office((_, request) =>
      request <= 8 ? { status: 429, headers: { "retry-after": "600" } } : { status: 200 },
    );
    const ids = await tellOf(
      process,
      Array.from({ length: 50 }, (_, n) => about(n + 1)),
    );
    const runs = await process.runner.executeBatch(sendNotification, ids);
    expect(process.backOffice.requests()).toBe(8);
    expect(states(runs)).toEqual(Array<string>(50).fill("retrying"));
    for (const { attempt, maxAttempts, errors, notBefore } of runs) {
      expect([attempt, maxAttempts, errors]).toEqual([1, 42, []]);
      expect(notBefore!.getTime() - process.clock.now().getTime()).toBeGreaterThanOrEqual(590_000);
    }
    const [later] = await tellOf(process, [about(51)]);
    expect(await process.runner.executeBatch(sendNotification, [later!])).toMatchObject([{ state: "retrying" }]);
    expect(process.backOffice.requests(), "what it said to one batch holds for the next").toBe(8);
    await untilSettled(process, [...ids, later!]);
    expect(process.backOffice.taken.size).toBe(51);
  });
});

describe("an outage of a provider", () => {
  it("of six hours: the message arrives afterwards", async () => {
    let isDown = true;
    const process = await office(() => ({ status: isDown ? 503 : 200 }));
    const [run] = await tellOf(process, [about(1)]);
    const end = process.clock.now().getTime() + 6 * 3_600_000;
    let next = [run!];
    while (next.length) {
      isDown = process.clock.now().getTime() < end;
      await process.runner.executeBatch(sendNotification, next);
      const [again] = process.dispatched.splice(0);
      next = again ? [again.id] : [];
      if (again && again.at > process.clock.now()) process.clock.moveTo(again.at);
    }
    expect(await all()).toMatchObject([{ state: "sent" }]);
    expect(process.backOffice.taken.size).toBe(1);
  });

  it("longer than the limit of the channel: it fails with the last answer and the limit", async () => {
    const process = await office(() => ({ status: 503 }));
    const began = process.clock.now();
    const [run] = await tellOf(process, [about(1)]);
    await untilSettled(process, [run!]);
    const [{ reason, settledAt } = { reason: null, settledAt: null }] = await all();
    expect(reason).toMatch(/^webhook: .*503.*not tried again: the first attempt was 12 h ago or longer/);
    expect(settledAt!.getTime() - began.getTime()).toBeGreaterThanOrEqual(12 * 3_600_000);
    expect(await findRun(db, run!)).toMatchObject({ state: "dead" });
  });

  it("for which comms are off in between: the time behind the closed gate does not count", async () => {
    const hour = 3_600_000;
    const process = await office(() => ({ status: 503 }));
    const [run] = await tellOf(process, [about(1)]);
    const began = process.clock.now().getTime();
    let next = run!;
    let closed = 0;
    for (let attempts = 0; attempts < 6; attempts += 1) {
      await process.runner.executeBatch(sendNotification, [next]);
      const [again] = process.dispatched.splice(0);
      next = again!.id;
      process.clock.moveTo(new Date(again!.at.getTime() + 5 * hour));
      closed += 5;
    }
    expect(closed).toBeGreaterThan(12);
    expect(await findRun(db, next)).toMatchObject({ state: "retrying" });
    await untilSettled(process, [next]);
    const [{ reason, settledAt } = { reason: null, settledAt: null }] = await all();
    expect(reason).toMatch(
      /not tried again: the first attempt was 12 h ago or longer, without the time behind a closed gate/,
    );
    expect(settledAt!.getTime() - began).toBeGreaterThanOrEqual((12 + closed) * hour);
  });

  it("that asks to wait for longer than the limit: it fails, and spends no attempts", async () => {
    const process = await office(() => ({ status: 429, headers: { "retry-after": "7200" } }));
    const [run] = await tellOf(process, [about(1)]);
    await untilSettled(process, [run!]);
    expect(await all()).toMatchObject([
      { state: "failed", reason: expect.stringMatching(/asks to wait; not tried again/) as string },
    ]);
  });
});

describe("a crash", () => {
  it("between the provider's response and the commit: the repeat has the same id, and the back office accepts it once", async () => {
    const process = await office();
    const [run] = await tellOf(process, [about(1)]);
    const [row] = await all();
    // What the process did before it died: it started the delivery, and the provider accepted it.
    await db.transaction((tx) =>
      startDeliveries(tx, [{ notification: row!.id, run: run! }], new Set(["webhook"]), process.clock.now()),
    );
    await process.runner.executeBatch(sendNotification, [run!]);
    expect(await deliveries()).toMatchObject([
      { attempt: 1, state: "unknown", reason: "the process ended before the answer was stored" },
      { attempt: 2, state: "sent" },
    ]);
    expect(await all()).toMatchObject([{ state: "sent", attempts: 2 }]);
  });

  it("after the response was stored: no provider gets it twice", async () => {
    const process = await office();
    const [run] = await tellOf(process, [about(1)]);
    await process.runner.executeBatch(sendNotification, [run!]);
    // The end of the run was lost, the stored response was not.
    await db.execute(sql`update platform.notifications set state = 'sending', settled_at = null`);
    await db.execute(
      sql`update platform.job_runs set state = 'queued', finished_at = null, not_before = queued_at where id = ${run!}::uuid`,
    );
    await process.runner.executeBatch(sendNotification, [run!]);
    expect(process.backOffice.requests()).toBe(1);
    expect(await all()).toMatchObject([{ state: "sent" }]);
  });

  it("in every attempt ends as failed too", async () => {
    const process = await office(undefined, { SEND_NOTIFICATION_MAX_RETRIES: "0" });
    const [run] = await tellOf(process, [about(1)]);
    const [row] = await all();
    await db.transaction((tx) =>
      startDeliveries(tx, [{ notification: row!.id, run: run! }], new Set(["webhook"]), process.clock.now()),
    );
    await db.execute(sql`
      update platform.job_runs set state = 'running', attempt = 1, lease_holder = 'gone', lease_expires_at = now() - interval '1 minute'
       where id = ${run!}::uuid`);
    expect(await process.runner.rescueExpiredRuns()).toEqual({ retrying: 0, dead: 1 });
    expect(await all()).toMatchObject([
      { state: "failed", reason: expect.stringContaining("expired during attempt") as string },
    ]);
    expect(await deliveries()).toMatchObject([{ state: "unknown" }]);
  });
});

describe("several channels of one notification", () => {
  it("each is called until it has accepted the message, and not again", async () => {
    const process = await office((_, request) => ({ status: request === 1 ? 503 : 200 }), {
      TELEGRAM_BOT_TOKEN: `1:${"x".repeat(35)}`,
      TELEGRAM_BASE_URL: "http://127.0.0.1:1",
      SEND_NOTIFICATION_MAX_RETRIES: "5",
    });
    await db.execute(
      sql`insert into platform.communication_allowlist values ('user:1', 'chatbot', '42', 'a test', now())`,
    );
    const [run] = await tellOf(process, [about(1, { channels: ["web", "webhook", "chatbot"] })]);
    await untilSettled(process, [run!]);
    // No server listens at the address of Telegram: it fails after all attempts, and the back office got one message.
    expect(process.backOffice.requests()).toBe(2);
    expect(process.backOffice.taken.size).toBe(1);
    const [row] = await all();
    expect(row).toMatchObject({ state: "failed", attempts: 6, reason: expect.stringMatching(/^chatbot: /) as string });
    expect(JSON.stringify(await findRun(db, run!))).not.toContain("x".repeat(35));
  });
});

describe("while sending is not allowed", () => {
  const mute = (scope: "all" | FamilyScope) =>
    db.transaction((tx) =>
      changeControls(tx, {
        scope,
        change: { commsEnabled: false },
        who: "a test",
        reason: "silence",
        now: new Date(),
      }),
    );

  it("comms turned off for all: the run waits with that reason, and nothing is sent", async () => {
    const process = await office();
    const [run] = await tellOf(process, [about(1)]);
    await mute("all");
    await process.runner.executeBatch(sendNotification, [run!]);
    expect(await all()).toMatchObject([{ state: "pending" }]);
    expect(await findRun(db, run!)).toMatchObject({ state: "queued", attempt: 0, reasonCode: "comms-disabled" });
    expect(process.backOffice.requests()).toBe(0);
  });

  it("comms turned off for its family: suppressed with that reason, never sent", async () => {
    const process = await office();
    const [run] = await tellOf(process, [about(1)]);
    await mute("family:orders");
    await process.runner.executeBatch(sendNotification, [run!]);
    expect(await all()).toMatchObject([{ state: "suppressed", reason: "comms disabled" }]);
    expect(process.backOffice.requests()).toBe(0);
  });

  it("jobs turned off while many notifications wait: each is sent once after they are turned on", async () => {
    const process = await office();
    const asked = Array.from({ length: WAITING }, (_, n) => about(n + 1));
    const runs = await tellOf(process, asked);
    const operator = { ...process, log: new Log(() => undefined) };
    const turn = (jobsEnabled: boolean) =>
      applyControls(
        operator,
        { scope: "all", flags: { jobsEnabled } },
        { families: ["orders"], who: "a test", reason: "a test" },
      );
    await turn(false);
    for (let n = 0; n < runs.length; n += 100)
      expect(await process.runner.executeBatch(sendNotification, runs.slice(n, n + 100))).toEqual([]);
    process.clock.advance(120_000);
    expect(process.backOffice.requests()).toBe(0);
    expect(new Set((await all()).map(({ state }) => state))).toEqual(new Set(["pending"]));

    process.dispatched.length = 0;
    await turn(true);
    const due = process.dispatched.splice(0).map(({ id }) => id);
    expect(due.toSorted()).toEqual(runs.toSorted());
    for (let n = 0; n < due.length; n += 100)
      await process.runner.executeBatch(sendNotification, due.slice(n, n + 100));
    expect(process.backOffice.requests()).toBe(WAITING);
    expect(process.backOffice.taken.size).toBe(WAITING);
    expect(new Set((await all()).map(({ state, attempts }) => `${state} ${attempts}`))).toEqual(new Set(["sent 1"]));
  });

  it("a cancelled run leaves a suppressed notification with the reason", async () => {
    const process = await office();
    const [run] = await tellOf(process, [about(1)]);
    await process.runner.cancel(run!, { reason: "sent by mistake", who: "a test" });
    expect(await all()).toMatchObject([{ state: "suppressed", reason: "sent by mistake" }]);
  });
});

it("2,100 notifications whose runs were skipped are sent once each by one bulk retry and a second one", async () => {
  const { url: address, taken, requests, close } = await startWebhookReceiver();
  onTestFinished(close);
  const env = { NOTIFY_WEBHOOK_URL: address, NOTIFY_WEBHOOK_SECRET: WEBHOOK_SECRET };
  const api = startAdminApi(url, [tell, sendNotification], { db, env });
  // More than the repeats of one statement.
  const count = 2_100;
  const runs = await tellOf(
    api,
    Array.from({ length: count }, (_, n) => about(n + 1)),
  );
  await db.transaction(async (tx) => {
    const refusal = { code: "jobs-disabled", reason: "jobs are off" };
    const skipped = await skipWaitingRuns(tx, { ids: runs, jobId: sendNotification.id }, refusal, api.clock.now());
    await sendNotification.onDiscarded!(tx, skipped);
  });
  expect(new Set((await all()).map(({ state }) => state))).toEqual(new Set(["suppressed"]));

  const filter = { state: "skipped", reasonCode: "jobs-disabled" };
  const answers = await Promise.all(
    ["one", "other"].map((reason) => api.call<{ retried: number }>("POST", "api/admin/runs/retry", { filter, reason })),
  );
  expect(answers.reduce((sum, { body }) => sum + body.retried, 0)).toBe(count);
  const due = api.dispatched.splice(0).map(({ id }) => id);
  for (let n = 0; n < due.length; n += 100) await api.runner.executeBatch(sendNotification, due.slice(n, n + 100));
  expect([requests(), taken.size]).toEqual([count, count]);
  expect(new Set((await all()).map(({ state, attempts }) => `${state} ${attempts}`))).toEqual(new Set(["sent 1"]));
});

it("a replay of a dead run sends the failed notification", async () => {
  let isDown = true;
  const process = await office(() => ({ status: isDown ? 400 : 200 }));
  const [first] = await tellOf(process, [about(1)]);
  await process.runner.executeBatch(sendNotification, [first!]);
  expect(await all()).toMatchObject([{ state: "failed" }]);
  isDown = false;
  const { input } = (await findRun(db, first!))!;
  const replay = await process.enqueuer.enqueue(sendNotification, { input, trigger: "replay", requestedBy: "a test" });
  await process.runner.executeBatch(sendNotification, [replay.id]);
  expect(await all()).toMatchObject([{ state: "sent", reason: null, attempts: 2 }]);
  expect(await db.$count(jobRuns)).toBe(3);
});
