/**
 * An app process that ticks, requests and retries the digest and the call, for a campaign to kill. Arguments: the
 * database, the settings as JSON. Each line of its stdin is an order; it answers each with a line.
 */
import { createInterface } from "node:readline";
import { sql } from "drizzle-orm";
import { dailyDigest } from "#functions/personal-ops/daily-digest.ts";
import { morningCall } from "#functions/personal-ops/morning-call.ts";
import { sendNotification } from "#functions/platform/send-notification.ts";
import { startProcess } from "#support/test-process.ts";
import type { Order } from "./briefing-campaign.ts";

const [databaseUrl, settings] = process.argv.slice(2) as [string, string];
const env = JSON.parse(settings) as Record<string, string>;
const app = startProcess(databaseUrl, [dailyDigest, morningCall, sendNotification], {
  env,
  leaseMs: 2_000,
  heartbeatMs: 500,
  poolMax: 4,
});

process.stdout.write("ready\n");
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as Order;
  app.clock.moveTo(order.at);
  if (order.kind === "tick") await tick(new Date(order.at), order.job === "morning_call" ? morningCall : dailyDigest);
  else await executeDue(order.at);
  process.stdout.write("done\n");
}

/** Two ticks of the slot and a request beside them. */
async function tick(slot: Date, job: typeof dailyDigest): Promise<void> {
  const request = async () => {
    const { id } = await app.enqueuer.enqueue(job, { input: {}, trigger: "manual", requestedBy: "a campaign" });
    await app.runner.execute(id);
  };
  await Promise.allSettled([app.runner.runSlot(job, slot), app.runner.runSlot(job, slot), request()]);
}

/** Takes over the runs of killed processes and executes every run that is due. */
async function executeDue(at: string): Promise<void> {
  await app.runner.rescueExpiredRuns();
  const due = await app.db.execute<{ id: string }>(sql`
    select id from platform.job_runs
     where state in ('queued', 'retrying') and not_before <= ${at}::timestamptz order by not_before, id limit 100`);
  for (const { id } of due) await app.runner.execute(id).catch(() => null);
}
