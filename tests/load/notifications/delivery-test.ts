import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ne, sql } from "drizzle-orm";
import { z } from "zod";
import { connect } from "#data/client.ts";
import { notifications } from "#data/platform/notification-schema.ts";
import { sendNotification } from "#functions/platform/send-notification.ts";
import { defineJob, manual } from "#jobs";
import { notify } from "#notifications/notify.ts";
import { startProcess } from "#support/test-process.ts";
import {
  type Answer,
  type ReceivedNotification,
  startWebhookReceiver,
  WEBHOOK_SECRET,
} from "#support/webhook-receiver.ts";

/** The result of a delivery test, counted by the receiver and by the app. */
export interface DeliveryResult {
  readonly enqueueMs: number;
  readonly drainMs: number;
  readonly requests: number;
  readonly repeats: number;
  /** Requests that were answered with 429. */
  readonly limited: number;
  /** Deliveries of the app: one for each delivery attempt of a notification. */
  readonly attempts: number;
  readonly kills: number;
  /** The ids that the receiver accepted. */
  readonly taken: ReadonlySet<string>;
  readonly rows: readonly { id: string; recipient: string; state: string; reason: string | null }[];
}

/** Every twentieth notification is always rejected. */
export const isPoisoned = (recipient: string) => Number(recipient.slice("user:".length)) % 20 === 0;

/**
 * Delivers `count` notifications to a receiver that always rejects a twentieth of them, fails every third request (half
 * of these after it accepted the message) and limits the rate, while the senders are killed.
 */
export async function runDeliveryTest(
  databaseUrl: string,
  { count, kills }: { count: number; kills: number },
): Promise<DeliveryResult> {
  const receiver = await startWebhookReceiver(unreliable({ perWindow: 40, windowMs: 100 }));
  const db = connect({ url: databaseUrl, poolMax: 2, idleMs: 60_000, tls: "disable", prepare: true });
  const settings = {
    NOTIFY_WEBHOOK_URL: receiver.url,
    NOTIFY_WEBHOOK_SECRET: WEBHOOK_SECRET,
    // Some of ten thousand have six failures in a row: here only a rejection may end a notification.
    SEND_NOTIFICATION_MAX_RETRIES: "30",
  };
  const maker = startProcess(databaseUrl, [tell, sendNotification], { db, env: settings });
  const began = Date.now();
  maker.clock.moveTo(new Date(began));
  const { id } = await maker.enqueuer.enqueue(tell, { input: { count }, trigger: "manual", requestedBy: "a campaign" });
  await maker.runner.execute(id);
  const enqueueMs = Date.now() - began;

  const startedAt = Date.now();
  let killed = 0;
  for (;;) {
    const sender = spawn(
      process.execPath,
      [join(import.meta.dirname, "sender-process.ts"), databaseUrl, receiver.url, String(began)],
      {
        stdio: ["ignore", "ignore", "inherit"],
      },
    );
    const ended = once(sender, "exit");
    // During the work: when the next share of all notifications is accepted.
    const goal = ((killed + 1) / (kills + 1)) * count * 0.95;
    while (killed < kills && receiver.taken.size < goal && sender.exitCode === null) await sleep(2);
    if (killed === kills || sender.exitCode !== null) {
      const [code] = (await ended) as [number | null];
      if (code === 0) break;
      throw new Error(`the sender ended with ${code}`);
    }
    sender.kill("SIGKILL");
    await ended;
    killed += 1;
  }
  const drainMs = Date.now() - startedAt;
  const { id: key, recipient, state, reason } = notifications;
  // Without the notifications to operators about the failed ones.
  const rows = await db
    .select({ id: key, recipient, state, reason })
    .from(notifications)
    .where(ne(notifications.type, "run.dead"));
  const [deliveries] = await db.execute<{ made: number; open: number }>(sql`
    select count(*)::int as made, count(*) filter (where state = 'sending')::int as open from platform.notification_deliveries`);
  await db.$client.end();
  await receiver.close();
  if (deliveries!.open) throw new Error(`${deliveries!.open} deliveries are still under way`);
  return {
    enqueueMs,
    drainMs,
    requests: receiver.requests(),
    repeats: receiver.repeats(),
    limited: receiver.answered(429),
    attempts: deliveries!.made,
    kills: killed,
    taken: receiver.taken,
    rows,
  };
}

/** The problems of a result; none is expected. */
export function problemsOf({ rows, taken }: DeliveryResult, count: number): string[] {
  const problems: string[] = [];
  if (rows.length !== count) problems.push(`${rows.length} notifications instead of ${count}`);
  for (const { id, recipient, state, reason } of rows) {
    const expected = isPoisoned(recipient) ? "failed" : "sent";
    if (state !== expected) problems.push(`${recipient}: ${state} (${reason}) instead of ${expected}`);
    if (taken.has(id) !== (expected === "sent")) problems.push(`${recipient}: taken ${taken.has(id)}, though ${state}`);
    if (expected === "failed" && !/422/.test(reason ?? "")) problems.push(`${recipient}: failed because of ${reason}`);
  }
  return problems;
}

const tell = defineJob({
  id: "tell",
  family: { id: "orders", title: "Orders" },
  summary: "Tell",
  on: manual,
  input: z.object({ count: z.int() }),
  async run(context) {
    for (let first = 1; first <= context.input.count; first += 1_000) {
      const some = Array.from({ length: Math.min(1_000, context.input.count - first + 1) }, (_, n) => first + n);
      await context.transaction((tx) =>
        notify(
          context,
          tx,
          some.map((n) => ({
            recipient: `user:${n}`,
            type: "order.late",
            severity: "WARN",
            channels: ["webhook"],
            title: `Order ${n}`,
            body: "It is late.",
            dedupeKey: `order ${n}`,
          })),
        ),
      );
    }
  },
});

function unreliable({ perWindow, windowMs }: { perWindow: number; windowMs: number }) {
  let [window, inWindow] = [0, 0];
  return ({ recipient }: ReceivedNotification, request: number): Answer => {
    const now = Math.floor(performance.now() / windowMs);
    if (now !== window) [window, inWindow] = [now, 0];
    if (++inWindow > perWindow) return { status: 429, headers: { "retry-after-ms": String(windowMs) } };
    if (isPoisoned(recipient)) return { status: 422, body: JSON.stringify({ message: "no such customer" }) };
    if (request % 6 === 0) return "take and hang up";
    return { status: request % 3 === 0 ? 503 : 204 };
  };
}
