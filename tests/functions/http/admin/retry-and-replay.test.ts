import { sql } from "drizzle-orm";
import { v7 as uuidv7 } from "uuid";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { insertDeadMessages } from "#data/platform/dead-messages.ts";
import { findRun, listRuns } from "#data/platform/job-runs.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { rowId } from "#data/row-ids.ts";
import { defineJob, type JobContext, manual, noRetries } from "#jobs";
import { schedule } from "#schedule/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { type AdminApi, startAdminApi } from "./admin-api.ts";

const noon = new Date("2026-03-10T12:00:00Z");
const family = { id: "samples", title: "Samples" };

let isBroken = true;
let seen: { n: number; asOf: Date }[] = [];
const work = async ({ input, asOf }: JobContext<{ n: number }>) => {
  if (isBroken) throw new Error(`row ${input.n} of "file-${input.n}.csv" is broken`);
  seen.push({ n: input.n, asOf });
};
const input = z.strictObject({ n: z.int().default(1) });
const job = defineJob({
  id: "asked_sample",
  family,
  summary: "A sample",
  on: manual,
  input,
  retry: noRetries,
  run: work,
});
const other = defineJob({
  id: "other_sample",
  family,
  summary: "A sample",
  on: manual,
  input,
  retry: noRetries,
  run: work,
});
const daily = defineJob({
  id: "daily_sample",
  family,
  summary: "A sample",
  on: schedule("0 0 12 * * *", "UTC"),
  input,
  retry: noRetries,
  run: work,
});
const patient = defineJob({ id: "patient_sample", family, summary: "A sample", on: manual, input, run: work });

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  isBroken = true;
  seen = [];
  api = startAdminApi(database.url, [job, other, daily, patient]);
  await emptyTables(api.db, [
    "platform.job_runs",
    "platform.audit_log",
    "platform.idempotency_keys",
    "platform.dead_messages",
  ]);
});
afterEach(() => api.close());

interface Letters {
  deadLetters: { kind: string; id: string; fingerprint: string; error: { message: string } }[];
  nextCursor: string | null;
}
interface Replay {
  replayed: number;
  runs: { id: string; parent: string }[];
  refused: { run: string; reason: string }[];
}
const post = <T = Record<string, unknown>>(path: string, body: object, key?: string) =>
  api.call<T>("POST", `api/admin/${path}`, body, key === undefined ? {} : { "idempotency-key": key });
const letters = async (query = "") => (await api.call<Letters>("GET", `api/admin/dead-letters${query}`)).body;

async function dead(of = job, n = 1): Promise<Run> {
  const { id } = await api.enqueuer.enqueue(of, { input: { n }, trigger: "manual", requestedBy: "a test" });
  const run = (await api.runner.execute(id))!;
  expect(run.state).toBe("dead");
  return run;
}

describe("dead letters", () => {
  it("list dead runs and unreadable messages together, newest first, in pages", async () => {
    const one = await dead();
    const message = { id: rowId(noon), queue: "job-runs", messageId: "m", body: "{", reason: "expected JSON" };
    await insertDeadMessages(api.db, [{ ...message, receivedAt: noon }]);
    const two = await dead(other, 2);
    const first = await letters("?limit=2");
    expect(first.deadLetters).toMatchObject([
      {
        kind: "run",
        id: two.id,
        error: { class: "unknown", message: 'row 2 of "file-2.csv" is broken' },
        input: { n: 2 },
      },
      { kind: "message", id: message.id, reason: "expected JSON", content: "{" },
    ]);
    const second = await letters(`?limit=2&cursor=${first.nextCursor}`);
    expect(second).toMatchObject({ deadLetters: [{ id: one.id }], nextCursor: null });
  });

  it("are filtered by job, class, time and fingerprint, which is equal for errors that differ only in numbers and names", async () => {
    await dead(job, 1);
    await dead(job, 2);
    await dead(other, 3);
    const all = (await letters()).deadLetters;
    expect(new Set(all.map(({ fingerprint }) => fingerprint)).size).toBe(1);
    expect((await letters("?job=asked_sample")).deadLetters).toHaveLength(2);
    expect((await letters(`?job=other_sample&fingerprint=${all[0]!.fingerprint}`)).deadLetters).toHaveLength(1);
    expect((await letters("?errorClass=auth")).deadLetters).toEqual([]);
    expect((await letters("?since=2026-03-10T12:00:01Z")).deadLetters).toEqual([]);
    expect((await letters("?until=2026-03-10T12:00:01Z")).deadLetters).toHaveLength(3);
  });
});

describe("a replay", () => {
  it("is a new run with the input of the dead one, whose child it is; the dead letter is no longer open", async () => {
    const old = await dead(job, 7);
    expect((await api.call("GET", "api/admin/jobs/asked_sample")).body).toMatchObject({ deadCount: 1 });
    const { status, body } = await post<Replay>("dead-letters/replay", { runs: [old.id], reason: "file is mended" });
    expect(status).toBe(202);
    expect(body).toMatchObject({ replayed: 1, runs: [{ parent: old.id }], refused: [] });
    expect(api.dispatched.at(-1)).toMatchObject({ id: body.runs[0]!.id });
    isBroken = false;
    expect(await api.runner.execute(body.runs[0]!.id)).toMatchObject({
      state: "succeeded",
      trigger: "replay",
      parentRunId: old.id,
      input: { n: 7 },
      correlationId: old.correlationId,
    });
    expect((await letters()).deadLetters).toEqual([]);
    expect((await api.call("GET", "api/admin/jobs/asked_sample")).body).toMatchObject({ deadCount: 0 });
    expect((await letters("?which=all")).deadLetters).toHaveLength(1);
    expect(await findRun(api.db, old.id), "the dead one keeps everything").toEqual(old);
    const { body: audit } = await api.call<{ entries: object[] }>("GET", "api/admin/audit");
    expect(audit.entries).toMatchObject([{ action: "dead letters replayed", reason: "file is mended" }]);
  });

  it("of a slot keeps the instant of that slot", async () => {
    const old = (await api.runner.runSlot(daily, noon))!;
    api.clock.advance(86_400_000);
    const { body } = await post<Replay>("dead-letters/replay", { runs: [old.id] });
    isBroken = false;
    expect(await api.runner.execute(body.runs[0]!.id)).toMatchObject({ state: "succeeded", scheduledFor: null });
    expect(seen).toEqual([{ n: 1, asOf: noon }]);
  });

  it("is refused while an earlier one waits or runs, also for concurrent requests", async () => {
    const old = await dead();
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => post<Replay>("dead-letters/replay", { runs: [old.id] })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409, 409, 409]);
    const [replay, ...more] = await listRuns(api.db, { trigger: "replay", limit: 10 });
    expect(more).toEqual([]);
    expect(answers.find(({ status }) => status === 409)!.body.refused).toEqual([
      { run: old.id, code: "repeat-is-live", reason: `run ${replay!.id} already repeats it and is queued` },
    ]);
  });

  it("of a filter counts first, replays each run once, and omits replayed runs", async () => {
    for (let n = 1; n <= 5; n++) await dead(job, n);
    await dead(other);
    const filter = { job: "asked_sample", errorClass: "unknown" };
    const dryRun = await post("dead-letters/replay", { filter, dryRun: true });
    expect(dryRun.body).toEqual({ count: 5, jobs: { asked_sample: 5 } });
    expect(await listRuns(api.db, { trigger: "replay", limit: 10 })).toEqual([]);
    expect((await post<Replay>("dead-letters/replay", { filter })).body).toMatchObject({ replayed: 5, more: false });
    expect((await post<Replay>("dead-letters/replay", { filter })).body).toMatchObject({ replayed: 0 });
    const replays = await listRuns(api.db, { trigger: "replay", limit: 10 });
    for (const { id } of replays.toReversed()) expect(await api.runner.execute(id)).toMatchObject({ state: "dead" });
    expect((await letters("?job=asked_sample")).deadLetters, "the dead replays stand for their parents").toHaveLength(
      5,
    );
    expect((await post<Replay>("dead-letters/replay", { filter })).body).toMatchObject({ replayed: 5 });
  });

  it("handles thousands of runs in one request, oldest first", async () => {
    await api.db.execute(sql`
      insert into platform.job_runs (id, job_id, family, trigger, state, input, attempt, max_attempts, queued_at, finished_at, correlation_id)
      select gen_random_uuid(), 'asked_sample', 'samples', 'manual', 'dead', '{"n": 1}', 1, 1, now(), now(), 'many'
        from generate_series(1, 2345)`);
    const { body } = await post<Replay>("dead-letters/replay", { filter: { job: "asked_sample" } });
    expect(body.replayed).toBe(2345);
    expect(new Set(api.dispatched.map(({ id }) => id)).size).toBe(2345);
  });

  it("may have another input, which must be valid", async () => {
    const old = await dead();
    const bad = await post<Replay>("dead-letters/replay", { runs: [old.id], input: { n: "seven" } });
    expect(bad).toMatchObject({
      status: 400,
      body: { errors: [{ field: "input.n", reason: "expected a number" }] },
    });
    expect(await listRuns(api.db, { trigger: "replay", limit: 10 }), "nothing changed").toEqual([]);
    const wanted = { runs: [old.id], input: { n: 8 }, reason: "the row was wrong" };
    const { body } = await post<Replay>("dead-letters/replay", wanted);
    expect(await findRun(api.db, body.runs[0]!.id)).toMatchObject({ input: { n: 8 }, parentRunId: old.id });
    const { body: audit } = await api.call<{ entries: object[] }>("GET", `api/admin/audit?subject=run:${old.id}`);
    expect(audit.entries).toMatchObject([
      { action: "dead letters replayed", reason: "the row was wrong", after: { input: { n: 8 } } },
    ]);
    const foreign = await dead(other);
    const both = await post("dead-letters/replay", { runs: [old.id, foreign.id], input: { n: 8 } });
    expect(both.status, "of two jobs").toBe(400);
  });

  it("of a run that is not dead is refused with the reason", async () => {
    const id = uuidv7();
    expect(await post("dead-letters/replay", { runs: [id] })).toMatchObject({
      status: 409,
      body: { detail: `there is no dead run ${id}` },
    });
  });

  it.each([
    {},
    { filter: {} },
    { runs: [] },
    { runs: ["x"] },
    { filter: { jobs: "asked_sample" } },
    { runs: [uuidv7()], filter: { job: "x" } },
  ])("%j is refused", async (body) => {
    expect((await post("dead-letters/replay", body)).status).toBe(400);
  });
});

describe("a dismissal", () => {
  const dismiss = (id: string) => post(`dead-letters/${id}/dismiss`, { reason: "requested by mistake" });

  it("closes a dead run with who and why, and leaves it in the ledger", async () => {
    const old = await dead();
    expect(await dismiss(old.id)).toMatchObject({
      status: 200,
      body: { kind: "run", dismissed: "requested by mistake" },
    });
    expect((await letters()).deadLetters).toEqual([]);
    expect((await letters("?which=all")).deadLetters).toMatchObject([{ id: old.id }]);
    expect((await api.call("GET", "api/admin/jobs/asked_sample")).body).toMatchObject({ deadCount: 0 });
    const replay = await post<Replay>("dead-letters/replay", { filter: { job: "asked_sample" } });
    expect(replay.body.replayed, "a filter finds open ones").toBe(0);
    const { body } = await api.call<{ entries: object[] }>("GET", `api/admin/audit?subject=run:${old.id}`);
    expect(body.entries).toMatchObject([
      { action: "dead letter dismissed", who: "function key", reason: "requested by mistake" },
    ]);
    const why = await api.call<{ sentences: { code: string }[] }>("GET", "api/admin/jobs/asked_sample/why");
    expect(why.body.sentences.at(-1)).toMatchObject({ code: "dead-dismissed" });
  });

  it("is refused the second time, for a run that is not dead, and for an unknown id", async () => {
    const old = await dead();
    await dismiss(old.id);
    expect(await dismiss(old.id)).toMatchObject({
      status: 409,
      body: { detail: "it was dismissed before: requested by mistake" },
    });
    const { id } = await api.enqueuer.enqueue(job, { input: {}, trigger: "manual", requestedBy: "a test" });
    expect(await dismiss(id)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining("queued") as string },
    });
    expect((await dismiss(uuidv7())).status).toBe(404);
  });

  it("does not keep the run from a replay that names it", async () => {
    const old = await dead();
    await dismiss(old.id);
    expect((await post<Replay>("dead-letters/replay", { runs: [old.id] })).body).toMatchObject({ replayed: 1 });
  });
});

it("why names what can be done with the last run if it is dead, until a run repeats it", async () => {
  const old = await dead();
  const why = async () =>
    (await api.call<{ sentences: { code: string; text: string }[] }>("GET", "api/admin/jobs/asked_sample/why")).body
      .sentences;
  expect((await why()).at(-1)).toMatchObject({
    code: "dead-remedy",
    text: expect.stringContaining(`npm run rota -- dismiss ${old.id}`) as string,
  });
  await post("dead-letters/replay", { runs: [old.id] });
  expect((await why()).at(-1)).toMatchObject({ code: "dead-repeated" });
});

describe("a retry", () => {
  it("makes a waiting run due now", async () => {
    const { id } = await api.enqueuer.enqueue(patient, { input: {}, trigger: "manual", requestedBy: "a test" });
    expect(await api.runner.execute(id)).toMatchObject({ state: "retrying" });
    expect(await api.runner.execute(id), "not due").toBeUndefined();
    const { status, body } = await post(`runs/${id}/retry`, {});
    expect(status).toBe(202);
    expect(body).toMatchObject({ id, state: "retrying", notBefore: noon.toISOString() });
    isBroken = false;
    expect(await api.runner.execute(id)).toMatchObject({ state: "succeeded", attempt: 2 });
    expect(await post(`runs/${id}/retry`, {})).toMatchObject({ status: 409, body: { state: "succeeded" } });
  });

  it("of a dead run is a new run, and only one while it waits", async () => {
    const old = await dead();
    const first = await post<{ id: string }>(`runs/${old.id}/retry`, {});
    expect(first).toMatchObject({ status: 202, body: { trigger: "retry", parentRunId: old.id, state: "queued" } });
    expect(await post(`runs/${old.id}/retry`, {})).toMatchObject({ status: 409, body: { run: first.body.id } });
    const { body } = await api.call("GET", `api/admin/runs/${old.id}`);
    expect(body.children).toEqual([{ id: first.body.id, jobId: old.jobId, trigger: "retry", state: "queued" }]);
    const missing = await post(`runs/${uuidv7()}/retry`, {});
    expect(missing.status).toBe(404);
  });
});

describe("a cancel", () => {
  it("ends a waiting run at once with who and why, and does not change an ended one", async () => {
    const { id } = await api.enqueuer.enqueue(job, { input: {}, trigger: "manual", requestedBy: "a test" });
    expect(await post(`runs/${id}/cancel`, { reason: "not needed any more" })).toMatchObject({
      status: 200,
      body: { state: "cancelled", reason: "not needed any more" },
    });
    expect(await post(`runs/${id}/cancel`, { reason: "once more" })).toMatchObject({ status: 409 });
    expect((await post(`runs/${uuidv7()}/cancel`, { reason: "of nothing" })).status).toBe(404);
    const { body } = await api.call<{ entries: object[] }>("GET", `api/admin/audit?subject=run:${id}`);
    expect(body.entries).toMatchObject([
      { action: "run cancelled", who: "function key", reason: "not needed any more" },
    ]);
    expect(await post(`runs/${id}/retry`, {})).toMatchObject({ status: 202, body: { parentRunId: id } });
  });
});

describe("an Idempotency-Key", () => {
  const start = (body: object, key: string, of = "asked_sample") =>
    api.call<{ id: string }>("POST", `api/admin/jobs/${of}/run`, body, { "idempotency-key": key });

  it("makes one run of two equal requests, and returns it to both", async () => {
    const first = await start({ n: 1 }, "k-1");
    const second = await start({ n: 1 }, "k-1");
    expect([first.status, second.status]).toEqual([202, 200]);
    expect(second.body.id).toBe(first.body.id);
    expect(await findRun(api.db, first.body.id)).toMatchObject({ idempotencyKey: "k-1" });
    expect((await start({ n: 1 }, "k-2")).body.id).not.toBe(first.body.id);
  });

  it("makes one run of many concurrent requests", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => start({ n: 1 }, "at-once")));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(await listRuns(api.db, { limit: 10 })).toHaveLength(1);
  });

  it("for another request is 422", async () => {
    await start({ n: 1 }, "k-1");
    expect(await start({ n: 2 }, "k-1")).toMatchObject({ status: 422 });
    expect(await start({ n: 1 }, "k-1", "other_sample")).toMatchObject({ status: 422 });
    expect(await listRuns(api.db, { limit: 10 })).toHaveLength(1);
  });

  it("is not used up by a refused request", async () => {
    expect((await start({ n: "one" }, "k-1")).status).toBe(400);
    expect((await start({ n: 1 }, "k-1")).status).toBe(202);
  });

  it.each(["", "with space", "ä", "x".repeat(256)])("%j is not a valid key", async (key) => {
    expect(await start({ n: 1 }, key)).toMatchObject({ status: 400 });
  });

  it("works for replays and retries too", async () => {
    const old = await dead();
    const replay = { filter: { job: "asked_sample" } };
    const first = await post<Replay>("dead-letters/replay", replay, "replay");
    const second = await post<Replay>("dead-letters/replay", replay, "replay");
    expect([first.status, second.status]).toEqual([202, 200]);
    expect(second.body).toEqual(first.body);
    const two = await dead(other);
    const [one, again] = [
      await post(`runs/${two.id}/retry`, {}, "retry"),
      await post(`runs/${two.id}/retry`, {}, "retry"),
    ];
    expect([one.status, again.status]).toEqual([202, 200]);
    expect(again.body.id).toBe(one.body.id);
    expect((await post(`runs/${old.id}/retry`, {}, "retry")).status).toBe(422);
  });
});
