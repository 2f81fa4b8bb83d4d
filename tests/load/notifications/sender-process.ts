/**
 * An app process that delivers notifications until none is left, which the test kills. Arguments: the database, the URL
 * of the receiver, the start time. Its clock runs a hundred times faster, so that retries after minutes start within
 * seconds.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { openApp } from "#app";
import { sendNotification } from "#functions/platform/send-notification.ts";
import { catalogueOf } from "#jobs/catalogue.ts";
import { readConfig } from "#settings/config.ts";
import { WEBHOOK_SECRET } from "#support/webhook-receiver.ts";

const [databaseUrl, receiver, began] = process.argv.slice(2) as [string, string, string];
const clock = { now: () => new Date(Number(began) + (Date.now() - Number(began)) * 100) };
const config = readConfig(
  {
    DATABASE_URL: databaseUrl,
    DATABASE_POOL_MAX: "6",
    JOB_LEASE: "2s",
    JOB_HEARTBEAT: "500ms",
    NOTIFY_WEBHOOK_URL: receiver,
    NOTIFY_WEBHOOK_SECRET: WEBHOOK_SECRET,
    // The receiver fails at random, also often in a row: that is no outage here.
    PROVIDER_BREAKER_FAILURES: "1000",
  },
  [sendNotification],
);
const app = openApp(config, catalogueOf([sendNotification]), {
  clock,
  sink: () => undefined,
  dispatch: async () => undefined,
});

const underWay = new Set<string>();
const rescuing = setInterval(() => void app.runner.rescueExpiredRuns().catch(() => undefined), 1_000);
const worker = async () => {
  for (;;) {
    const due = await app.db.execute<{ id: string; left: number }>(sql`
      select id from platform.job_runs
       where job_id = 'send_notification' and state in ('queued', 'retrying') and not_before <= ${clock.now().toISOString()}::timestamptz
       order by not_before limit 400`);
    const ids = due
      .map(({ id }) => id)
      .filter((id) => !underWay.has(id))
      .slice(0, 100);
    for (const id of ids) underWay.add(id);
    if (ids.length) await app.runner.executeBatch(sendNotification, ids);
    for (const id of ids) underWay.delete(id);
    if (ids.length) continue;
    const [open] = await app.db.execute(sql`
      select from platform.job_runs where job_id = 'send_notification' and state in ('queued', 'retrying', 'running') limit 1`);
    if (!open) return;
    await sleep(20);
  }
};
process.stdout.write("ready\n");
await Promise.all(Array.from({ length: 4 }, worker));
clearInterval(rescuing);
await app.close(0);
process.stdout.write("done\n");
