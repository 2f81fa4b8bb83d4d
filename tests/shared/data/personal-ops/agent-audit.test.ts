import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { recordAgentAudit } from "#data/personal-ops/agent-audit.ts";
import { agentAuditLog } from "#data/personal-ops/personal-ops-schema.ts";
import { personalOps } from "#functions/families.ts";
import { Cancel, defineJob, type JobContext, linear, manual, type Schedule, schedule, Snooze, writes } from "#jobs";
import { applyControls } from "#operations/controls-change.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { createSignal } from "#support/signal.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";
import { Log } from "#telemetry/log.ts";

type Work = (context: JobContext<unknown>) => Promise<Record<string, unknown> | void>;

const facts = { family: personalOps, summary: "A sample", input: z.strictObject({}), gates: [writes] } as const;
let work: Work = async () => undefined;
const sample = defineJob({
  ...facts,
  id: "sample",
  on: manual,
  retry: linear({ retries: 1, delay: "1s" }),
  run: (context) => work(context as JobContext<unknown>),
});
const hourly = defineJob({
  ...facts,
  id: "hourly",
  on: schedule("0 0 * * * *", "UTC"),
  run: async () => ({ done: 1 }),
});

let database: TestDatabase;
let app: TestProcess;
beforeAll(async () => {
  database = await migratedDatabase();
});
beforeEach(async () => {
  app = startProcess(database.url, [sample, hourly], { heartbeatMs: 20 });
  await emptyTables(app.db, [
    "platform.job_runs",
    "platform.controls",
    "platform.audit_log",
    "personal_ops.agent_audit_log",
  ]);
  return () => app.close();
});
afterAll(() => database.drop());

const asked = { input: {}, trigger: "event", requestedBy: "a test" } as const;
const entries = () => app.db.select().from(agentAuditLog).orderBy(agentAuditLog.id);
const turn = (flags: Parameters<typeof applyControls>[1]["flags"]) =>
  applyControls(
    { ...app, log: new Log(() => undefined) },
    { scope: "family:personal-ops", flags },
    { families: ["personal-ops"], who: "a test", reason: "a test" },
  );

async function attempt(does: Work): Promise<string> {
  work = does;
  const { id } = await app.enqueuer.enqueue(sample, asked);
  await app.runner.execute(id);
  return id;
}

const throws = async (error: Error) => Promise.reject(error);

it.each<[string, Work, Record<string, unknown>]>([
  [
    "that succeeds has its result without secrets, and its duration",
    async () => {
      app.clock.advance(1_500);
      return { items: 3, token: "abcdef-secret" };
    },
    { success: true, error: null, durationMs: 1_500, output: { items: 3, token: "[redacted]" } },
  ],
  [
    "that fails and is retried has the error without secrets, and its duration",
    async () => {
      app.clock.advance(250);
      throw new Error("refused: Authorization: Bearer abcdefghijklmnop1234");
    },
    {
      success: false,
      error: expect.not.stringContaining("abcdefghijklmnop1234") as string,
      durationMs: 250,
      output: { state: "retrying" },
    },
  ],
  [
    "that cancels its run has the reason",
    () => throws(new Cancel("nothing to do")),
    { success: false, error: "nothing to do", output: { state: "cancelled", code: "cancelled" } },
  ],
  [
    "that waits has the reason",
    () => throws(new Snooze("5m", "the provider is down")),
    { success: false, error: "the provider is down", output: { state: "retrying", code: "snoozed" } },
  ],
])("an attempt %s", async (_, does, expected) => {
  const runId = await attempt(does);
  const always = { action: "sample", actionType: "job", actor: "sample", runId, attempt: 1 };
  expect(await entries()).toMatchObject([{ ...always, ...expected }]);
});

it("each attempt of a run that fails for good has an entry, the last one as dead", async () => {
  const runId = await attempt(() => throws(new Error("no")));
  app.clock.advance(1_000);
  await app.runner.execute(runId);
  expect((await entries()).map(({ attempt, error, output }) => [attempt, error, output])).toEqual([
    [1, "no", { state: "retrying" }],
    [2, "no", { state: "dead" }],
  ]);
});

it("the end of an attempt and its entry commit together", async () => {
  await app.db.execute(sql`alter table personal_ops.agent_audit_log add constraint none check (action <> 'sample')`);
  try {
    await expect(attempt(async () => undefined)).rejects.toThrow(/Failed query|violates/);
    expect(await app.db.execute("select state from platform.job_runs")).toMatchObject([{ state: "running" }]);
  } finally {
    await app.db.execute(sql`alter table personal_ops.agent_audit_log drop constraint none`);
  }
});

it("a waiting run that the kill switch holds has one entry, however many claims find it closed", async () => {
  const { id: runId } = await app.enqueuer.enqueue(sample, asked);
  await turn({ killSwitch: true });
  for (let n = 0; n < 3; n++) expect(await app.runner.execute(runId)).toBeUndefined();
  expect(await entries()).toMatchObject([
    {
      runId,
      action: "sample",
      success: false,
      attempt: 0,
      durationMs: 0,
      error: expect.stringMatching(/^Kill switch is active/) as string,
      output: { state: "held", code: "kill-switch" },
    },
  ]);
});

it("a run that the kill switch stops has one entry for its attempt, and none for the claims after it", async () => {
  const entered = createSignal();
  work = async ({ signal }) => {
    entered.reach();
    await new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        reject(signal.reason as Error);
      });
    });
  };
  const { id: runId } = await app.enqueuer.enqueue(sample, asked);
  const running = app.runner.execute(runId);
  await entered.reached;
  await turn({ killSwitch: true });
  await running;
  for (let n = 0; n < 3; n++) await app.runner.execute(runId);
  expect(await entries()).toMatchObject([
    {
      runId,
      attempt: 1,
      success: false,
      error: expect.stringMatching(/^Kill switch is active/) as string,
      output: { state: "retrying", code: "kill-switch" },
    },
  ]);
});

it("a slot that a gate skips has one entry, and one for each later slot; missed slots have none", async () => {
  const slot = (iso: string) => {
    app.clock.moveTo(iso);
    return app.runner.runSlot(hourly, app.clock.now(), { schedule: hourly.on as Schedule });
  };
  await turn({ killSwitch: true });
  for (const iso of ["2026-03-10T13:00Z", "2026-03-10T13:00Z", "2026-03-10T14:00Z"]) await slot(iso);
  await turn({ killSwitch: false });
  await slot("2026-03-11T00:00Z");
  expect(await app.db.execute("select from platform.job_runs where state = 'skipped'")).toHaveLength(11);
  expect((await entries()).map(({ at, output }) => [at.getUTCHours(), output])).toEqual([
    [13, { state: "skipped", code: "kill-switch" }],
    [14, { state: "skipped", code: "kill-switch" }],
    [0, { done: 1 }],
  ]);
});

it("an entry of a person is stored without secrets", async () => {
  const at = app.clock.now();
  const entry = {
    at,
    action: "incident resolved",
    actionType: "control",
    actor: "ops@example.org",
    success: true,
  } as const;
  await app.db.transaction((tx) => recordAgentAudit(tx, { ...entry, output: { incident: 7, password: "hunter22" } }));
  expect(await entries()).toMatchObject([{ ...entry, error: null, output: { incident: 7, password: "[redacted]" } }]);
});
