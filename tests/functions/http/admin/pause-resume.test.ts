import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { findRun } from "#data/platform/job-runs.ts";
import { defineJob } from "#jobs";
import { schedule } from "#schedule/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { type AdminApi, startAdminApi } from "./admin-api.ts";

const noon = new Date("2026-03-10T12:00:00Z");
const later = (minutes: number) => new Date(noon.getTime() + minutes * 60_000);
const sample = (id: string) =>
  defineJob({
    id,
    family: { id: "samples", title: "Samples" },
    summary: "A sample",
    on: schedule("0 * * * * *", "UTC"),
    input: z.strictObject({}),
    run: async () => undefined,
  });
const job = sample("paused_sample");
const other = sample("other_sample");
const upkeep = { ...sample("upkeep_sample"), upkeep: true };

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  api = startAdminApi(database.url, [job, other, upkeep]);
  await emptyTables(api.db, ["platform.job_runs", "platform.audit_log", "platform.pauses"]);
});
afterEach(() => api.close());

const request = () => api.enqueuer.enqueue(job, { input: {}, trigger: "manual", requestedBy: "a test" });
const post = (path: string, body: object) => api.call("POST", `api/admin/${path}`, body);

describe("a paused job", () => {
  it("skips its slots with the reason and the operator; other jobs run", async () => {
    const { status, body } = await post("jobs/paused_sample/pause", { reason: "data is being moved" });
    expect(status).toBe(200);
    expect(body).toMatchObject({ scope: "job:paused_sample", paused: true, until: null });
    expect(await api.runner.runSlot(job, noon)).toMatchObject({
      state: "skipped",
      reasonCode: "paused",
      reason: "paused by function key: data is being moved",
    });
    expect(await api.runner.runSlot(other, noon)).toMatchObject({ state: "succeeded" });
  });

  it("keeps its waiting runs, dispatches none, and dispatches them at once on resume", async () => {
    await post("jobs/paused_sample/pause", { reason: "data is being moved" });
    const runs = [await request(), await request()];
    api.dispatched.length = 0;
    for (const { id } of runs) expect(await api.runner.execute(id)).toBeUndefined();
    api.clock.advance(60_000);
    expect(await api.runner.dispatchOverdueRuns(), "the sweep leaves it alone").toBe(0);
    expect(api.dispatched).toEqual([]);
    expect(await findRun(api.db, runs[0]!.id)).toMatchObject({ state: "queued" });

    const { body } = await post("jobs/paused_sample/resume", { reason: "data is there" });
    expect(body).toMatchObject({ wasPaused: true, sent: 2 });
    expect(api.dispatched.map(({ id }) => id)).toEqual(runs.map(({ id }) => id));
    for (const { id } of runs) expect(await api.runner.execute(id)).toMatchObject({ state: "succeeded" });
  });

  it("continues by itself at the end of the pause", async () => {
    await post("jobs/paused_sample/pause", { reason: "only over lunch", until: "30m" });
    const { id } = await request();
    api.dispatched.length = 0;
    await api.runner.execute(id);
    expect(api.dispatched, "comes back when it is over").toMatchObject([{ id, at: later(30) }]);
    api.clock.advance(30 * 60_000);
    expect(await api.runner.runSlot(job, later(30))).toMatchObject({ state: "succeeded" });
    expect(await api.runner.execute(id)).toMatchObject({ state: "succeeded" });
  });

  it("waits for the longer of two pauses", async () => {
    await post("jobs/paused_sample/pause", { reason: "for half an hour", until: "30m" });
    await post("pause", { scope: "family:samples", reason: "for an hour", until: "2026-03-10T14:00:00+01:00" });
    const { id } = await request();
    api.dispatched.length = 0;
    await api.runner.execute(id);
    expect(api.dispatched).toMatchObject([{ id, at: later(60) }]);
  });
});

it("pausing everything stops all but the upkeep jobs, which can be paused by name", async () => {
  await post("pause", { scope: "all", reason: "the house is on fire" });
  expect(await api.runner.runSlot(job, noon)).toMatchObject({ reasonCode: "paused" });
  expect(await api.runner.runSlot(upkeep, noon)).toMatchObject({ state: "succeeded" });
  await post("jobs/upkeep_sample/pause", { reason: "it is the fire" });
  api.clock.moveTo(later(1));
  expect(await api.runner.runSlot(upkeep, later(1))).toMatchObject({ reasonCode: "paused" });
});

it("pausing and resuming are audited", async () => {
  await post("pause", { scope: "family:samples", reason: "a first reason" });
  await post("pause", { scope: "family:samples", reason: "a better reason", until: "1h" });
  await post("resume", { scope: "family:samples" });
  const again = await post("resume", { scope: "family:samples" });
  expect(again.body).toMatchObject({ wasPaused: false, sent: 0 });
  const { body } = await api.call<{ entries: object[] }>("GET", "api/admin/audit?subject=family:samples");
  expect(body.entries).toMatchObject([
    { action: "resumed", before: { reason: "a better reason" }, after: null },
    { action: "paused", before: { reason: "a first reason" }, after: { until: "2026-03-10T13:00:00.000Z" } },
    { action: "paused", before: null, who: "function key", reason: "a first reason" },
  ]);
});

it("a pause and a resume accept the notation of earlier versions, and answer with the present one", async () => {
  for (const [alias, scope] of [
    ["samples", "family:samples"],
    ["global", "all"],
  ]) {
    expect((await post("pause", { scope: alias, reason: "an old client" })).body).toMatchObject({ scope });
    expect((await post("resume", { scope: alias })).body).toMatchObject({ scope, wasPaused: true });
  }
});

it("an unknown scope is refused with the field, the value and what is accepted", async () => {
  const { status, body } = await post("pause", { scope: "paused_sample", reason: "which one?" });
  expect(status).toBe(400);
  expect(body).toMatchObject({
    errors: [
      {
        field: "scope",
        reason: 'expected one of all, family:samples, job:<id>, got "paused_sample"; did you mean job:paused_sample?',
      },
    ],
  });
});

it.each([
  ["jobs/paused_sampel/pause", { reason: "no such job" }, 404],
  ["jobs/paused_sample/pause", {}, 400],
  ["jobs/paused_sample/pause", { reason: "in the past", until: "2026-03-10T11:59:59Z" }, 400],
  ["jobs/paused_sample/pause", { reason: "no zone", until: "2026-03-11T12:00:00" }, 400],
  ["jobs/paused_sample/pause", { reason: "no moment", until: "tomorrow" }, 400],
  ["jobs/paused_sample/pause", { reason: "an empty duration", until: "0s" }, 400],
  ["pause", { reason: "no such family", scope: "family:sample" }, 400],
  ["pause", { reason: "no such scope", scope: "everything" }, 400],
  ["resume", { scope: "job:no_such_job" }, 400],
])("%s with %j is refused with %d and pauses nothing", async (path, body, status) => {
  expect((await post(path, body)).status).toBe(status);
  expect((await api.call<{ pauses: object[] }>("GET", "api/admin/controls")).body.pauses).toEqual([]);
});
