import { and, asc, eq } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { jobRuns } from "#data/platform/platform-schema.ts";
import { dispatchReminders } from "#functions/tasks/dispatch-reminders.ts";
import { processRecurringTasks } from "#functions/tasks/process-recurring-tasks.ts";
import { scanOverdueTasks } from "#functions/tasks/scan-overdue-tasks.ts";
import type { Job } from "#jobs/job.ts";
import type { DemoApi } from "#local/stack/demo-data/demo-data.ts";
import { tasksDemo } from "#local/stack/demo-data/demo-tasks.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { type AdminApi, startAdminApi } from "../../../functions/http/admin/admin-api.ts";
import { demoApi } from "./demo-api.ts";

let database: TestDatabase;
let api: AdminApi;
let demo: DemoApi;
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, [processRecurringTasks, dispatchReminders, scanOverdueTasks]);
  demo = demoApi(api);
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

/** Executes the first queued run of the job, which may be a run that the demo requested. */
const run = async (job: Job) => {
  await api.enqueuer.enqueue(job, { input: {}, trigger: "manual", requestedBy: "a test" });
  const waiting = and(eq(jobRuns.jobId, job.id), eq(jobRuns.state, "queued"));
  const [first] = await api.db.select().from(jobRuns).where(waiting).orderBy(asc(jobRuns.id)).limit(1);
  return (await api.runner.execute(first!.id))!.result;
};

it("creates tasks once that give each job work within two minutes", async () => {
  expect(await tasksDemo.load(demo)).toMatch(/^8 tasks, 6 reminders/);
  await tasksDemo.load(demo);
  expect((await demo.get<{ tasks: unknown[] }>("api/tasks")).tasks).toHaveLength(8);

  api.clock.advance(120_000);
  expect(await run(processRecurringTasks)).toEqual({ generated: 3, ended: 0 });
  expect(await run(dispatchReminders)).toEqual({ sent: 4, suppressed: 1 });
  expect(await run(scanOverdueTasks)).toEqual({ overdue: 1, reopened: 0 });
});
