import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { listRuns } from "#data/platform/job-runs.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { defineJob, type JobContext, manual, noRetries, writes } from "#jobs";
import { schedule } from "#schedule/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { createSignal } from "#support/signal.ts";
import { type AdminApi, startAdminApi } from "./admin-api.ts";

const noon = new Date("2026-03-10T12:00:00Z");
const hour = (n: number) => new Date(noon.getTime() + n * 3_600_000);
const family = { id: "samples", title: "Samples" };

let seen: string[] = [];
let broken = new Set<string>();
let hold: { entered: () => void; leave: Promise<void> } | null = null;
const job = defineJob({
  id: "hourly_sample",
  family,
  summary: "A sample",
  on: schedule("0 0 * * * *", "UTC"),
  gates: [writes],
  input: z.strictObject({}),
  retry: noRetries,
  async run({ asOf }: JobContext<Record<string, never>>) {
    hold?.entered();
    await hold?.leave;
    if (broken.has(asOf.toISOString())) throw new Error("no such file");
    seen.push(asOf.toISOString().slice(11, 13));
  },
});
const asked = defineJob({
  id: "asked_sample",
  family,
  summary: "A sample",
  on: manual,
  input: z.strictObject({}),
  run: async () => undefined,
});

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  [seen, broken, hold] = [[], new Set(), null];
  api = startAdminApi(database.url, [job, asked]);
  await emptyTables(api.db, [
    "platform.job_runs",
    "platform.backfills",
    "platform.pauses",
    "platform.audit_log",
    "platform.idempotency_keys",
  ]);
  await api.db.execute(sql`update platform.controls set write_enabled = true`);
});
afterEach(() => api.close());

const path = "api/admin/jobs/hourly_sample/backfill";
const range = (from: number, to: number) => ({ from: hour(from).toISOString(), to: hour(to).toISOString() });
const post = (body: object, key?: string) =>
  api.call("POST", path, body, key === undefined ? {} : { "idempotency-key": key });
const progress = async () => (await api.call("GET", path)).body;

/** Executes dispatched runs, as a worker does, until there are no more. */
async function work(): Promise<Run[]> {
  const done: Run[] = [];
  for (let next = api.dispatched.shift(); next; next = api.dispatched.shift()) {
    const run = await api.runner.execute(next.id);
    if (run) done.push(run);
  }
  return done;
}

describe("a backfill", () => {
  it("is previewed with the number of slots and done slots, and nothing starts", async () => {
    await api.runner.runSlot(job, hour(-2));
    expect(await post({ ...range(-5, 0), preview: true })).toMatchObject({
      status: 200,
      body: { slots: 6, done: 1, missing: 5, first: hour(-5).toISOString(), last: hour(0).toISOString() },
    });
    expect(await listRuns(api.db, { limit: 10 })).toHaveLength(1);
    expect((await api.call("GET", path)).status).toBe(404);
  });

  it("runs the missing slots one after another, oldest first, each with its slot, and ends", async () => {
    await api.runner.runSlot(job, hour(-2));
    seen = [];
    const { status, body } = await post({ ...range(-4, 0), reason: "the source came late" });
    expect(status).toBe(202);
    expect(body).toMatchObject({ slots: 5, done: 1, missing: 4 });
    expect(await listRuns(api.db, { state: "queued", limit: 10 }), "one at a time").toHaveLength(1);
    expect(await progress()).toMatchObject({ state: "running", slots: 4, processed: 1, left: 3 });
    const runs = await work();
    expect(seen).toEqual(["08", "09", "11", "12"]);
    expect(runs.map(({ trigger, scheduledFor }) => ({ trigger, scheduledFor }))).toEqual(
      [-4, -3, -1, 0].map((n) => ({ trigger: "schedule", scheduledFor: hour(n) })),
    );
    expect(await progress()).toMatchObject({ state: "done", processed: 4, left: 0, runs: { succeeded: 4 } });
    expect(await post(range(-4, 0))).toMatchObject({ status: 409, body: { done: 5 } });
  });

  it("repeats skipped and dead slots as child runs; the ledger keeps both", async () => {
    await api.db.execute(sql`update platform.controls set write_enabled = false`);
    const skipped = (await api.runner.runSlot(job, hour(-1)))!;
    await api.db.execute(sql`update platform.controls set write_enabled = true`);
    broken.add(hour(0).toISOString());
    const dead = (await api.runner.runSlot(job, hour(0)))!;
    expect([skipped.state, dead.state]).toEqual(["skipped", "dead"]);
    broken.clear();
    await post(range(-1, 0));
    const runs = await work();
    expect(runs).toMatchObject([
      { state: "succeeded", scheduledFor: null, asOf: hour(-1), parentRunId: skipped.id },
      { state: "succeeded", scheduledFor: null, asOf: hour(0), parentRunId: dead.id },
    ]);
    expect(seen).toEqual(["11", "12"]);
    expect(await post({ ...range(-1, 0), preview: true })).toMatchObject({ body: { done: 2, missing: 0 } });
  });

  it("continues after a failed slot", async () => {
    broken.add(hour(-1).toISOString());
    await post(range(-2, 0));
    expect((await work()).map(({ state }) => state)).toEqual(["succeeded", "dead", "succeeded"]);
    expect(await progress()).toMatchObject({ state: "done", runs: { succeeded: 2, dead: 1 } });
  });

  it("waits while its job is paused or a gate is closed, loses no slot, and continues with the sweep", async () => {
    await post(range(-2, 0));
    await api.db.execute(sql`update platform.controls set write_enabled = false`);
    expect(await work()).toEqual([]);
    expect(await progress()).toMatchObject({ state: "running", processed: 1, runs: { queued: 1 } });
    await api.db.execute(sql`update platform.controls set write_enabled = true`);
    await api.call("POST", "api/admin/jobs/hourly_sample/pause", { reason: "lunch" });
    api.clock.advance(60_000);
    await api.runner.dispatchOverdueRuns();
    expect(await work()).toEqual([]);
    await api.call("POST", "api/admin/jobs/hourly_sample/resume", {});
    expect(await work()).toHaveLength(3);
  });

  it("continues with the sweep when the process stopped between two slots", async () => {
    await post(range(-1, 0));
    await api.db.execute(sql`
      update platform.job_runs set state = 'succeeded', not_before = null, finished_at = now() where state = 'queued'`);
    api.dispatched.length = 0;
    api.clock.advance(60_000);
    await api.runner.dispatchOverdueRuns();
    await work();
    expect(await progress()).toMatchObject({ state: "done", runs: { succeeded: 2 } });
  });

  it("never takes a slot's run: the slot waits for the backfill's run and follows it", async () => {
    const [entered, leave] = [createSignal(), createSignal()];
    hold = {
      entered: () => {
        entered.reach();
      },
      leave: leave.reached,
    };
    await post(range(-2, -1));
    const working = api.runner.execute(api.dispatched.shift()!.id);
    await entered.reached;
    const slot = (await api.runner.runSlot(job, hour(0)))!;
    expect(slot).toMatchObject({ state: "queued", scheduledFor: hour(0) });
    leave.reach();
    await working;
    const next = api.dispatched.find(({ id }) => id !== slot.id)!;
    expect(next.at.getTime(), "the backfill gives way").toBeGreaterThan(noon.getTime());
    expect(await api.runner.execute(next.id)).toBeUndefined();
    expect(await api.runner.execute(slot.id)).toMatchObject({ state: "succeeded" });
    api.clock.advance(5_000);
    expect(await api.runner.execute(next.id)).toMatchObject({ state: "succeeded" });
  });

  it.each(["DELETE", "POST"])(
    "ends with %s: what waits is cancelled, and the slots can be asked for again",
    async (method) => {
      await post(range(-2, 0));
      const { status, body } = await (method === "POST"
        ? api.call("POST", `${path}/abort`, { reason: "wrong range" })
        : api.call("DELETE", path));
      expect(status).toBe(200);
      expect(body).toMatchObject({ state: "aborted", processed: 1 });
      expect(await work()).toEqual([]);
      expect(await progress()).toMatchObject({ state: "aborted", runs: { cancelled: 1 } });
      expect((await api.call("DELETE", path)).status).toBe(409);
      expect(await post(range(-2, 0))).toMatchObject({ status: 202, body: { missing: 3 } });
      expect(await work()).toHaveLength(3);
    },
  );

  it("is one at a time for a job, and one for repeated requests with a key", async () => {
    const first = await post(range(-2, 0), "b-1");
    expect(await post(range(-9, -5))).toMatchObject({ status: 409 });
    expect(await post(range(-2, 0), "b-1")).toMatchObject({ status: 200, body: first.body });
    expect((await post(range(-3, 0), "b-1")).status).toBe(422);
    await work();
    expect(await post(range(-2, 0), "b-1"), "also after its end").toMatchObject({ status: 200, body: first.body });
  });

  it.each([
    [range(0, -1), "from"],
    [range(-1, 1), "to"],
    [range(-10_001, 0), "from"],
    [{ from: "yesterday", to: hour(0).toISOString() }, "from"],
    [{ from: hour(0).toISOString() }, "to"],
  ])("of %j is refused with the field %s", async (body, field) => {
    const { status, body: problem } = await post(body);
    expect(status).toBe(400);
    expect((problem as { errors: { field: string }[] }).errors[0]!.field).toBe(field);
  });

  it("of a job without a schedule is refused", async () => {
    expect((await api.call("POST", "api/admin/jobs/asked_sample/backfill", range(-1, 0))).status).toBe(409);
  });
});
