import { sql } from "drizzle-orm";
import { v7 as uuidv7 } from "uuid";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { jobRuns, type Run } from "#data/platform/platform-schema.ts";
import { defineJob, internet, type Job, linear, manual, writes } from "#jobs";
import { DeliveryWatch } from "#runner/delivery-watch.ts";
import { schedule } from "#schedule/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { anError } from "#support/factories.ts";
import { type AdminApi, startAdminApi } from "./admin-api.ts";

const family = { id: "samples", title: "Samples" };
const noon = new Date("2026-03-10T12:00:00Z");
const minutes = (count: number) => new Date(noon.getTime() + count * 60_000);

const hourly = defineJob({
  id: "hourly_sample",
  family,
  summary: "A sample by the hour",
  on: schedule("0 0 * * * *", "Europe/Berlin"),
  input: z.strictObject({}),
  retry: linear({ retries: 2, delay: "30s" }),
  gates: [internet, writes],
  run: async () => undefined,
});
const asked = defineJob({
  id: "asked_sample",
  family,
  summary: "A sample on request",
  on: manual,
  input: z.strictObject({ day: z.iso.date(), dryRun: z.boolean().default(false), since: z.date().optional() }),
  run: async () => undefined,
});

let database: TestDatabase;
let open: AdminApi[] = [];
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  const { db } = start();
  await emptyTables(db, ["platform.job_runs", "platform.pauses"]);
});
afterEach(async () => {
  await Promise.all(open.map((api) => api.close()));
  open = [];
});

function start(jobs: readonly Job[] = [hourly, asked], env: Record<string, string> = {}): AdminApi {
  const api = startAdminApi(database.url, jobs, { env });
  open.push(api);
  return api;
}

/** Inserts a run into the ledger, queued the given minutes after noon. */
async function ledger(api: AdminApi, at: number, run: Partial<Run> = {}): Promise<string> {
  const id = uuidv7({ msecs: minutes(at).getTime() });
  const state = run.state ?? "succeeded";
  const isFinal = ["succeeded", "dead", "skipped", "cancelled"].includes(state);
  await api.db.insert(jobRuns).values({
    id,
    jobId: "hourly_sample",
    family: "samples",
    trigger: "schedule",
    state,
    input: {},
    attempt: 1,
    maxAttempts: 3,
    queuedAt: minutes(at),
    startedAt: minutes(at),
    correlationId: id,
    concurrencyKey: null,
    ...(isFinal ? { finishedAt: minutes(at + 1), durationMs: 1_000 } : {}),
    ...(state === "skipped" || state === "cancelled" ? { reason: "a reason" } : {}),
    ...(state === "running" ? { leaseHolder: "host:1", leaseExpiresAt: minutes(1), heartbeatAt: minutes(0) } : {}),
    ...run,
  });
  return id;
}

interface JobLine {
  id: string;
  next: string[];
  paused: boolean;
  blocked: { code: string } | null;
  lastRun: { id: string; state: string; durationMs: number } | null;
  last24h: { succeeded: number; dead: number; successRate: number | null; p50Ms: number | null; p95Ms: number | null };
  queueDepth: number;
  running: number;
  deadCount: number;
}

describe("the list of jobs", () => {
  it("has for each job the figures of 24 hours, waiting runs and all dead runs", async () => {
    const api = start();
    for (let i = 1; i <= 20; i++) await ledger(api, -60 - i, { durationMs: i * 100 });
    await ledger(api, -2_000, { durationMs: 99_000 });
    await ledger(api, -3_000, { state: "dead" });
    for (let i = 0; i < 5; i++) await ledger(api, -30 - i, { state: "dead" });
    await ledger(api, -5);
    await ledger(api, -1, { state: "skipped" });
    await ledger(api, 0, { state: "queued", notBefore: minutes(0), startedAt: null });
    await ledger(api, 0.01, { state: "retrying", notBefore: minutes(3) });
    const { body } = await api.call<{ jobs: JobLine[] }>("GET", "api/admin/jobs");
    expect(body.jobs).toMatchObject([
      {
        id: "hourly_sample",
        paused: false,
        blocked: null,
        queueDepth: 2,
        running: 0,
        deadCount: 6,
        next: ["2026-03-10T13:00:00.000Z", "2026-03-10T14:00:00.000Z", "2026-03-10T15:00:00.000Z"],
        lastRun: { state: "retrying" },
        last24h: { succeeded: 21, dead: 5, successRate: 21 / 26, p50Ms: 1_000, p95Ms: 1_900 },
      },
      { id: "asked_sample", next: [], lastRun: null, queueDepth: 0, last24h: { successRate: null, p50Ms: null } },
    ]);
  });

  it("needs as many statements for forty jobs as for two", async () => {
    const many = Array.from({ length: 40 }, (_, i) => ({ ...asked, id: `asked_${i}` }));
    const counts = [];
    for (const jobs of [[hourly, asked], many]) {
      const api = start(jobs);
      const count = countStatements(api);
      expect((await api.call("GET", "api/admin/jobs")).status).toBe(200);
      counts.push(count());
    }
    expect(counts).toEqual([5, 5]);
  });

  it("names the gate that stops a job, and whether it is paused", async () => {
    const api = start(undefined, { ALLOW_INTERNET_SYNC: "false" });
    await api.call("POST", "api/admin/jobs/asked_sample/pause", { reason: "maintenance of the sample" });
    const { body } = await api.call<{ jobs: JobLine[] }>("GET", "api/admin/jobs");
    expect(body.jobs).toMatchObject([
      { id: "hourly_sample", paused: false, blocked: { code: "internet-sync-disabled" } },
      { id: "asked_sample", paused: true, blocked: { code: "paused" } },
    ]);
  });

  it("shows a pause and a switch together", async () => {
    const api = start();
    await api.call("POST", "api/admin/jobs/asked_sample/pause", { reason: "maintenance of the sample" });
    await api.call("PATCH", "api/admin/controls", { killSwitch: true, reason: "maintenance of the sample" });
    const { body } = await api.call("GET", "api/admin/jobs/asked_sample");
    expect(body).toMatchObject({
      paused: true,
      blocked: { code: "kill-switch" },
      refusals: [{ code: "kill-switch" }, { code: "paused" }],
    });
    const why = await api.call<{ sentences: { code: string }[] }>("GET", "api/admin/jobs/asked_sample/why");
    expect(why.body.sentences.map(({ code }) => code)).toEqual(expect.arrayContaining(["paused", "kill-switch"]));
    await api.call("PATCH", "api/admin/controls", { killSwitch: false, reason: "the maintenance is over" });
  });
});

/** Counts the statements of the app's connection. */
function countStatements({ db }: AdminApi): () => number {
  let count = 0;
  const asked = db as unknown as Record<string, (...given: unknown[]) => unknown>;
  for (const name of ["execute", "select"]) {
    const ask = asked[name]!.bind(db);
    asked[name] = (...given) => {
      count += 1;
      return ask(...given);
    };
  }
  return () => count;
}

describe("one job", () => {
  it("is shown with its input as JSON Schema and each setting with its source", async () => {
    const api = start(undefined, { HOURLY_SAMPLE_TIME_ZONE: "UTC", HOURLY_SAMPLE_MAX_RETRIES: "5" });
    const { body } = await api.call("GET", "api/admin/jobs/hourly_sample");
    expect(body).toMatchObject({
      schedule: { expression: "0 0 * * * *", timeZone: "UTC" },
      settings: [
        { name: "HOURLY_SAMPLE_SCHEDULE", value: "0 0 * * * *", source: "file" },
        { name: "HOURLY_SAMPLE_TIME_ZONE", value: "UTC", source: "environment" },
        { name: "HOURLY_SAMPLE_ENABLED", value: true, source: "file" },
        { name: "HOURLY_SAMPLE_MAX_RETRIES", value: 5, source: "environment" },
      ],
      retry: { kind: "linear", retries: 2, delayMs: 30_000 },
      gates: ["internet", "write"],
      queue: "job-runs",
    });
    const { body: other } = await api.call("GET", "api/admin/jobs/asked_sample");
    expect(other).toMatchObject({
      input: {
        type: "object",
        required: ["day"],
        properties: { day: { type: "string", format: "date" }, dryRun: { type: "boolean", default: false }, since: {} },
      },
      settings: [{ name: "ASKED_SAMPLE_ENABLED" }, { name: "ASKED_SAMPLE_MAX_RETRIES", value: 3 }],
    });
  });

  it("that does not exist is 404, with the most similar id", async () => {
    const { status, body } = await start().call("GET", "api/admin/jobs/hourly_sampel");
    expect(status).toBe(404);
    expect(body.detail).toContain("did you mean hourly_sample?");
  });

  it("explains why it is not running, from the database", async () => {
    const api = start();
    const running = await ledger(api, -4, { state: "running", concurrencyKey: "" });
    const waiting = await ledger(api, -1, { state: "queued", notBefore: minutes(-1), startedAt: null });
    await ledger(api, -90, { state: "dead", errors: [anError({ message: "connect ECONNREFUSED" })] });
    await api.call("POST", "api/admin/jobs/hourly_sample/pause", { reason: "source is moving" });
    const { body } = await api.call<{ verdict: string; sentences: { code: string; text: string }[] }>(
      "GET",
      "api/admin/jobs/hourly_sample/why",
    );
    expect(body.verdict).toBe("running");
    const said = body.sentences.map(({ text }) => text).join("\n");
    expect(said).toContain(
      `Run ${running} has been running since 2026-03-10T11:56:00Z (4 min ago): attempt 1 of 3, on host:1`,
    );
    expect(said).toContain("until an operator resumes it: source is moving.");
    expect(said).toContain(`Run ${waiting} has been due for 1 min and waits for its concurrency key.`);
    expect(said).toContain("Its next slot is 2026-03-10T13:00:00Z (in 1 h)");
    expect(said).toContain(
      "Its last run ended dead at 2026-03-10T10:31:00Z (1 h 29 min ago): transient, connect ECONNREFUSED.",
    );
  });
});

describe("runs", () => {
  it("are filtered by time and by text in their input", async () => {
    const api = start();
    const paris = await ledger(api, -10, { input: { city: "Paris", note: "100% _sure_" } });
    const rome = await ledger(api, -5, { input: { city: "Rome" } });
    const ids = async (query: string) =>
      (await api.call<{ runs: { id: string }[] }>("GET", `api/admin/runs?${query}`)).body.runs.map(({ id }) => id);
    expect(await ids("text=paris")).toEqual([paris]);
    expect(await ids("text=100%25%20_")).toEqual([paris]);
    expect(await ids("text=%25ome"), "no pattern").toEqual([]);
    expect(await ids(`since=${minutes(-5).toISOString()}`)).toEqual([rome]);
    expect(await ids(`until=${minutes(-5).toISOString()}`)).toEqual([paris]);
    expect((await api.call("GET", "api/admin/runs?text=")).status).toBe(400);
  });
});

describe("the coming schedule", () => {
  it("lists slots by day, with clock changes", async () => {
    const { status, body } = await start().call<{ days: { date: string; clockChanges: unknown[] }[] }>(
      "GET",
      "api/admin/schedule?days=20&zone=Europe/Berlin",
    );
    expect(status).toBe(200);
    expect(body.days).toHaveLength(20);
    expect(body.days.find(({ clockChanges }) => clockChanges.length > 0)).toMatchObject({
      date: "2026-03-29",
      counts: { hourly_sample: 23 },
      clockChanges: [{ zone: "Europe/Berlin", at: "2026-03-29T01:00:00.000Z", from: "+01:00", to: "+02:00" }],
    });
  });

  it("refuses more than a year and an unknown zone", async () => {
    const api = start();
    expect((await api.call("GET", "api/admin/schedule?days=367")).status).toBe(400);
    const { status, body } = await api.call("GET", "api/admin/schedule?zone=Europe/Berlim");
    expect(status).toBe(400);
    expect(body.detail).toContain("Europe/Berlim");
  });
});

describe("statistics", () => {
  it("count each run at the time it was queued, with zeros elsewhere", async () => {
    const api = start();
    await ledger(api, -1, { durationMs: 500 });
    await ledger(api, -20, { state: "dead" });
    await ledger(api, -21, { durationMs: 700, itemFailureCount: 3 });
    await ledger(api, -60 * 25);
    interface Stats {
      count: number;
      from: string;
      jobs: Record<string, { runs: number[]; succeeded: number[]; dead: number[]; itemFailures: number[] }>;
      families: Record<string, { runs: number[] }>;
      p95Ms: Record<string, (number | null)[]>;
    }
    const { body } = await api.call<Stats>("GET", "api/admin/stats?window=24h");
    expect(body).toMatchObject({ count: 96, from: "2026-03-09T12:15:00.000Z", bucketMs: 900_000 });
    const { runs, succeeded, dead, itemFailures } = body.jobs.hourly_sample!;
    expect(runs).toHaveLength(96);
    expect(runs.slice(-4)).toEqual([0, 2, 1, 0]);
    expect([succeeded, dead, itemFailures].map((series) => series.slice(-4))).toEqual([
      [0, 1, 1, 0],
      [0, 1, 0, 0],
      [0, 3, 0, 0],
    ]);
    expect(body.families.samples!.runs).toEqual(runs);
    expect(body.jobs.asked_sample!.runs).toEqual(Array(96).fill(0));
    expect(body.p95Ms.hourly_sample!.slice(-4)).toEqual([null, 700, 500, null]);
  });
});

describe("health", () => {
  it("has for each job its last run, its failures and its lateness", async () => {
    const api = start();
    await ledger(api, -240, { scheduledFor: minutes(-240) });
    await ledger(api, -200, { state: "dead" });
    await ledger(api, -190, { state: "dead", scheduledFor: minutes(-180) });
    await ledger(api, -10, { jobId: "asked_sample", state: "queued", notBefore: minutes(-5), startedAt: null });
    const { status, body } = await api.call("GET", "api/jobs/health");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      healthy: true,
      database: "connected",
      broker: { state: "in-process" },
      eventLoop: null,
      jobs: [
        { id: "hourly_sample", lastRun: { state: "dead" }, consecutiveFailures: 2, lateByMs: 2 * 3_600_000 },
        { id: "asked_sample", lastRun: { state: "queued" }, consecutiveFailures: 0, lateByMs: 5 * 60_000 },
      ],
    });
  });

  it("counts no run that waits for a person's switch as late, and after its end only the time since", async () => {
    const api = start();
    const waits = {
      jobId: "asked_sample",
      state: "queued",
      startedAt: null,
      reason: "a gate",
      reasonCode: "paused",
    } as const;
    await api.db.execute(sql`update platform.controls set changed_at = '2026-03-01T00:00:00Z'`);
    await ledger(api, -180, { ...waits, notBefore: minutes(-180) });
    const late = async () => {
      const { body } = await api.call<{ jobs: { id: string; lateByMs: number }[] }>("GET", "api/jobs/health");
      return body.jobs.find(({ id }) => id === "asked_sample")!.lateByMs / 60_000;
    };
    expect(await late()).toBe(180);
    await api.db.execute(sql`
      insert into platform.pauses (scope, reason, paused_by, paused_at) values ('all', 'a test', 'ada', ${minutes(-200).toISOString()})`);
    expect(await late()).toBe(0);
    await api.db.execute(sql`
      delete from platform.pauses;
      insert into platform.audit_log (at, who, action, subject) values ('2026-03-10T11:55:00Z', 'ada', 'resumed', 'all')`);
    expect(await late()).toBe(5);
    await api.db.execute(sql`
      insert into platform.controls (scope, comms_enabled, changed_at, changed_by) values ('samples', true, '2026-03-10T11:57:00Z', 'ada')`);
    expect(await late()).toBe(3);
    await api.db.execute(sql`
      insert into platform.pauses (scope, reason, paused_by, paused_at, until)
      values ('job:asked_sample', 'a test', 'ada', ${minutes(-200).toISOString()}, ${minutes(-2).toISOString()})`);
    expect(await late()).toBe(2);
    await api.db.execute(sql`
      delete from platform.controls where scope = 'samples'; delete from platform.pauses; truncate platform.audit_log`);
    await ledger(api, -170, { ...waits, reasonCode: null, notBefore: minutes(-170) });
    expect(await late()).toBe(180);
  });

  it("is 503 when a queue does not deliver, and why has the sentence", async () => {
    const dueAt = minutes(-10);
    const undelivered = [{ queue: "job-runs", run: "01993c1e-7d2a-7c31-9f0e-3b1c5a7e9d42", jobId: "sample", dueAt }];
    const api = startAdminApi(database.url, [hourly, asked], {
      broker: async () => ({ state: "connected" }),
      delivery: ({ dependencies }) =>
        Object.assign(new DeliveryWatch(dependencies, { queueOf: () => "job-runs", alert: async () => undefined }), {
          undelivered: async () => undelivered,
        }),
    });
    open.push(api);
    const { status, body } = await api.call("GET", "api/jobs/health");
    const trouble = `The queue job-runs does not deliver: run ${undelivered[0]!.run} was due 10 min ago, and no message of the queue has arrived since; dispatch_overdue_runs executes its runs, about a minute late`;
    expect({ status, body }).toMatchObject({
      status: 503,
      body: { healthy: false, database: "connected", broker: { state: "not-delivering", trouble }, detail: trouble },
    });
    const why = await api.call<{ sentences: { code: string; text: string }[] }>(
      "GET",
      "api/admin/jobs/asked_sample/why",
    );
    expect(why.body.sentences).toContainEqual({ code: "not-delivering", text: `${trouble}.` });
  });

  it("is 503 without the database, as problem details", async () => {
    const api = startAdminApi("postgres://nobody@127.0.0.1:1/none", [hourly]);
    const { status, body, headers } = await api.call("GET", "api/jobs/health");
    expect(status).toBe(503);
    expect(headers["content-type"]).toBe("application/problem+json");
    expect(body).toMatchObject({ healthy: false, database: "unreachable", status: 503 });
    await api.close();
  });
});

it("a run is shown with its complete input, with secrets redacted", async () => {
  const api = start();
  const days = Array.from({ length: 5_000 }, (_, n) => ({ n, token: "secret" }));
  const id = await ledger(api, 0, { input: { days } });
  const { body } = await api.call<{ input: { days: unknown[] } }>("GET", `api/admin/runs/${id}`);
  expect(body.input.days).toEqual(days.map(({ n }) => ({ n, token: "[redacted]" })));
});

it("missing slots of the last day are counted in the list and in health, from the first slot in the ledger", async () => {
  const api = start();
  const seen = async () => {
    const { body } = await api.call<{ jobs: { id: string; unaccounted: number }[] }>("GET", "api/admin/jobs");
    const health = await api.call<{ jobs: { id: string; unaccounted: number }[] }>("GET", "api/jobs/health");
    const of = (jobs: { id: string; unaccounted: number }[]) =>
      jobs.find(({ id }) => id === "hourly_sample")?.unaccounted;
    return [of(body.jobs), of(health.body.jobs)];
  };
  expect(await seen(), "a new job").toEqual([0, 0]);
  await ledger(api, -240, { scheduledFor: minutes(-240) });
  await ledger(api, -180, { scheduledFor: minutes(-180) });
  await ledger(api, -60, { scheduledFor: minutes(-60) });
  expect(await seen(), "the slot of this moment may still come").toEqual([1, 1]);
  await ledger(api, -120, { scheduledFor: minutes(-120), state: "skipped", reason: "paused", reasonCode: "paused" });
  expect(await seen()).toEqual([0, 0]);
});
