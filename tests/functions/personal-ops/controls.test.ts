import { eq, sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { agentAuditLog } from "#data/personal-ops/personal-ops-schema.ts";
import { allow } from "#data/platform/allow-list.ts";
import { controls } from "#data/platform/control-schema.ts";
import { notificationDeliveries, notifications } from "#data/platform/notification-schema.ts";
import { jobRuns } from "#data/platform/platform-schema.ts";
import { personalOps } from "#functions/families.ts";
import { jobs } from "#functions/index.ts";
import { processRetryQueue } from "#functions/personal-ops/process-retry-queue.ts";
import { isScheduled, type Job } from "#jobs";
import { addRetryJob } from "#services/personal-ops/add-retry-job.ts";
import { readConfig } from "#settings/config.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { TestClock } from "#support/test-clock.ts";
import { unchecked } from "#support/unchecked.ts";
import { type AdminApi, startAdminApi } from "../http/admin/admin-api.ts";

const own = jobs.filter(({ family }) => family === personalOps);
/** An hour before midnight in Chicago. */
const NIGHT = new Date("2026-03-11T04:00:00Z");

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
  // Without the settings of a source its jobs are skipped before any other gate.
  const env = {
    TELEGRAM_BOT_TOKEN: "123456:abcdefghijklmnopqrstuvwxyz0123456789",
    NOTION_TOKEN: "a token",
    NOTION_DATA_SOURCES: "4ee04178-60dc-4b13-a1ea-14e3b9661a33",
    N8N_BASE_URL: "http://127.0.0.1:9",
    N8N_API_KEY: "a key",
    HUBSPOT_TOKEN: "a token",
  };
  api = startAdminApi(database.url, jobs, { clock: new TestClock(NIGHT), env });
});
afterEach(() =>
  emptyTables(api.db, [
    "personal_ops.retry_jobs",
    "personal_ops.agent_audit_log",
    "platform.job_runs",
    "platform.notifications",
    "platform.notification_deliveries",
    "platform.controls",
  ]),
);
afterAll(async () => {
  await api.close();
  await database.drop();
});

const turn = (change: Partial<typeof controls.$inferInsert>) =>
  api.db.insert(controls).values({ scope: "personal-ops", changedAt: NIGHT, changedBy: "a test", ...change });
const ask = (job: Job, trigger: "event" | "manual") =>
  api.enqueuer.enqueue(unchecked(job), { input: {}, trigger, requestedBy: "a test" });
const audited = async (job: Job) => {
  const rows = await api.db
    .select()
    .from(agentAuditLog)
    .where(eq(agentAuditLog.action, job.id))
    .orderBy(agentAuditLog.id);
  return rows.map(({ success, error, output }) => ({ success, error, state: output?.state }));
};

describe("under the kill switch", () => {
  it.each(own.map((job) => [job.id, job] as const))(
    "no body of %s runs, and each blocked attempt is audited",
    async (_, job) => {
      await turn({ killSwitch: true });
      const waiting = await ask(job, "event");
      for (let n = 0; n < 2; n++) expect(await api.runner.execute(waiting.id)).toBeUndefined();
      expect(await ask(job, "manual")).toMatchObject({ state: "skipped", reasonCode: "kill-switch" });
      if (isScheduled(job)) {
        expect(await api.runner.runSlot(job, NIGHT)).toMatchObject({ state: "skipped", reasonCode: "kill-switch" });
      }
      const started = await api.db.execute(
        sql`select from platform.job_runs where attempt > 0 or started_at is not null`,
      );
      expect(started).toHaveLength(0);
      const error = expect.stringMatching(/^Kill switch is active/) as string;
      expect(await audited(job)).toEqual(
        ["held", "skipped", ...(isScheduled(job) ? ["skipped"] : [])].map((state) => ({
          success: false,
          error,
          state,
        })),
      );
    },
  );

  it("the health routes answer", async () => {
    await turn({ scope: "global", killSwitch: true });
    for (const path of ["api/health/live", "api/health/ready", "api/jobs/health"]) {
      expect((await api.call("GET", path)).status, path).toBe(200);
    }
  });
});

it("a running run learns of a switch within 15 seconds: each heartbeat asks the controls", () => {
  const { JOB_HEARTBEAT } = readConfig({ DATABASE_URL: database.url }, jobs);
  expect(JOB_HEARTBEAT).toBeLessThanOrEqual(15_000);
});

describe("while jobs are switched off", () => {
  const upkeep = ["rescue_stuck_runs", "dispatch_overdue_runs", "health_monitor"];

  it("only health_monitor and the upkeep of the layer run", () => {
    expect(jobs.filter((job) => job.upkeep).map(({ id }) => id)).toEqual(upkeep);
  });

  it.each(own.map((job) => [job.id, job] as const))("%s waits unless it is health_monitor", async (id, job) => {
    await turn({ jobsEnabled: false });
    const { id: run } = await ask(job, "event");
    const ended = await api.runner.execute(run);
    expect(ended?.state).toBe(upkeep.includes(id) ? "succeeded" : undefined);
    expect(await audited(job)).toMatchObject([
      upkeep.includes(id)
        ? { success: true }
        : { success: false, state: "held", error: "jobs are switched off (family:personal-ops)" },
    ]);
  });
});

it("in quiet hours only SEV0 and SEV1 reach a person; INFO and WARN wait for the digest", async () => {
  await turn({ quietFrom: "22:00", quietTo: "07:00", quietZone: "America/Chicago" });
  const recipient = "user:owner";
  const address = { recipient, channel: "chatbot", address: "4711", addedBy: "a test", addedAt: NIGHT } as const;
  await api.db.transaction(async (tx) => {
    await allow(tx, address);
    for (const severity of ["INFO", "WARN", "SEV1", "SEV0"] as const) {
      const payload = { recipient, type: "note", severity, title: severity, body: "", channels: ["chatbot" as const] };
      await addRetryJob(tx, { kind: "send_notification", payload }, NIGHT);
    }
  });
  const { id } = await ask(processRetryQueue, "event");
  expect(await api.runner.execute(id)).toMatchObject({ result: { completed: 4 } });
  const states = await api.db
    .select({ severity: notifications.severity, state: notificationDeliveries.state })
    .from(notifications)
    .leftJoin(notificationDeliveries, eq(notificationDeliveries.notificationId, notifications.id))
    .orderBy(notifications.id);
  expect(states).toEqual([
    { severity: "INFO", state: "deferred" },
    { severity: "WARN", state: "deferred" },
    { severity: "SEV1", state: null },
    { severity: "SEV0", state: null },
  ]);
  const sends = await api.db.select().from(jobRuns).where(eq(jobRuns.jobId, "send_notification"));
  expect(sends).toHaveLength(2);
});
