import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { findRun, listRuns } from "#data/platform/job-runs.ts";
import { jobRuns, type Run } from "#data/platform/platform-schema.ts";
import { rowId } from "#data/row-ids.ts";
import { catalogueOf } from "#jobs/catalogue.ts";
import { retryRuns } from "#operations/retry-runs.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { aRun } from "#support/factories.ts";
import { lockWait } from "#support/lock-wait.ts";
import { startProgram } from "#support/program.ts";
import { type AdminApi, startAdminApi } from "./admin-api.ts";
import { checkedJob, done, sampleJob, sampleJobs } from "./sample-jobs.ts";

const ADDRESS = "api/admin/runs/retry";
const CHILD = new URL("./retry-runs.child.ts", import.meta.url);
const reason = "the switch is on again";
const filter = { state: "skipped", family: "samples" };

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  done.length = 0;
  api = startAdminApi(database.url, sampleJobs);
  await emptyTables(api.db, ["platform.job_runs", "platform.audit_log", "platform.idempotency_keys"]);
});
afterEach(() => api.close());

interface Retried {
  readonly retried: number;
  readonly notRetried: Record<string, number>;
  readonly runs: { id: string; parent: string }[];
  readonly refused: { run: string; code: string; reason: string }[];
  readonly nextAfter: string | null;
}
interface DryRun extends Retried {
  readonly count: number;
  readonly jobs: Record<string, number>;
  readonly sample: { id: string }[];
}
const retry = <T = Retried>(body: object, key?: string) =>
  api.call<T>("POST", ADDRESS, { reason, ...body }, key === undefined ? {} : { "idempotency-key": key });

/** An ended run of the sample job. */
const ended = (given: Partial<typeof jobRuns.$inferInsert> = {}, job = sampleJob) =>
  aRun(api.db, {
    id: rowId(api.clock.now()),
    jobId: job.id,
    family: "samples",
    input: { n: 1 },
    state: "skipped",
    ...given,
  });
const repeatOf = ({ id, correlationId }: Run, given: Partial<typeof jobRuns.$inferInsert>) =>
  ended({ trigger: "retry", parentRunId: id, correlationId, ...given });

async function many(count: number, job = sampleJob): Promise<void> {
  await api.db.execute(sql`
    insert into platform.job_runs (id, job_id, family, trigger, state, input, max_attempts, queued_at, finished_at, correlation_id, reason)
    select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, ${job.id}, 'samples', 'event', 'skipped', jsonb_build_object('n', n), 1,
           '2026-03-10T11:00Z', '2026-03-10T11:30Z', n, 'a reason'
      from generate_series(1, ${count}) n`);
}

/** The number of repeats of the runs that have any, without duplicates. */
const repeatsOfEach = async () =>
  (
    await api.db.execute<{ repeats: number }>(sql`
      select distinct count(*)::integer as repeats from platform.job_runs where trigger = 'retry' group by parent_run_id`)
  ).map(({ repeats }) => repeats);

it("retries each run of a filter with the same input, for the same slot, and audits it once", async () => {
  const slot = new Date("2026-03-10T06:00:00Z");
  const old = await ended({ scheduledFor: slot, trigger: "schedule", input: { n: 7 }, correlationId: "c-7" });
  const later = await ended({ input: { n: 8 } });
  await ended({ state: "dead" });
  const { status, body } = await retry({ filter });
  expect(status).toBe(202);
  expect(body).toMatchObject({ retried: 2, notRetried: {}, refused: [], nextAfter: null });
  expect(
    body.runs.map(({ parent }) => parent),
    "oldest first",
  ).toEqual([old.id, later.id]);
  expect(api.dispatched.map(({ id }) => id)).toEqual(body.runs.map(({ id }) => id));
  expect(api.observed.moves).toMatchObject([{ state: "queued" }, { state: "queued" }]);
  const run = await api.runner.execute(body.runs[0]!.id);
  expect(run).toMatchObject({
    state: "succeeded",
    trigger: "retry",
    input: { n: 7 },
    correlationId: "c-7",
    asOf: slot,
    scheduledFor: null,
    requestedBy: "function key",
  });
  const { entries } = (await api.call<{ entries: object[] }>("GET", "api/admin/audit")).body;
  expect(entries).toMatchObject([
    { action: "runs retried", subject: "family:samples", reason, after: { retried: 2, filter, runs: null } },
  ]);
});

it("a dry run counts all pages, checks the first one and stores nothing", async () => {
  await many(5, checkedJob);
  const { status, body } = await retry<DryRun>({ filter, dryRun: true, limit: 3, reason: undefined });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    count: 5,
    jobs: { zz_checked_sample: 5 },
    retried: 1,
    notRetried: { "invalid-input": 2 },
    sample: [{ id: "00000000-0000-7000-8000-000000000002" }],
  });
  expect(body.refused[0]!.reason).toBe("its input is not valid: n: expected an even number");
  expect(await listRuns(api.db, { trigger: "retry", limit: 10 })).toEqual([]);
  expect((await api.call<{ entries: object[] }>("GET", "api/admin/audit")).body.entries).toEqual([]);
  expect(api.observed.moves).toEqual([]);
});

describe("a filter", () => {
  it.each([
    ["state", { state: "cancelled", family: "samples" }, 1],
    ["job", { state: "skipped", job: "other" }, 1],
    ["family", { state: "skipped", family: "others" }, 1],
    ["reason code", { state: "skipped", reasonCode: "too-late" }, 1],
    ["earliest end", { state: "skipped", since: "2026-03-10T13:00:00+01:00" }, 3],
    ["latest end", { state: "skipped", until: "2026-03-10T12:00:00Z" }, 1],
    ["all of them", { ...filter, job: "sample", reasonCode: "already-running", since: "2026-03-10T12:00:00Z" }, 0],
  ])("selects by %s", async (_, selected, count) => {
    await ended({ state: "cancelled" });
    await ended({ jobId: "other" });
    await ended({ family: "others" });
    await ended({ reasonCode: "too-late" });
    await ended({ finishedAt: new Date("2026-03-10T11:59:59Z") });
    expect((await retry<DryRun>({ filter: selected, dryRun: true })).body.count).toBe(count);
  });

  it("leaves dismissed runs out, which a list may name", async () => {
    const old = await ended({ state: "dead", reasonCode: "dismissed", reason: "a mistake" });
    expect((await retry({ filter: { ...filter, state: "dead" } })).body).toMatchObject({ retried: 0, refused: [] });
    expect((await retry({ runs: [old.id] })).body).toMatchObject({ retried: 1 });
  });

  it("reads on behind runs that are refused, and ends although repeats are skipped again", async () => {
    for (const n of [1, 3, 5, 2, 4]) await ended({ input: { n } }, checkedJob);
    const pages: Retried[] = [];
    let after: string | undefined;
    do {
      const { body } = await retry({ filter, limit: 2, ...(after && { after }) });
      pages.push(body);
      after = body.nextAfter ?? undefined;
      api.clock.advance(1_000);
      await api.db.execute(sql`
        update platform.job_runs set state = 'skipped', finished_at = now(), reason = 'again' where state = 'queued'`);
    } while (after);
    expect(pages.map(({ retried, refused }) => [retried, refused.length])).toEqual([
      [0, 2],
      [1, 1],
      [1, 0],
    ]);
    expect((await retry({ filter })).body, "a new request has them").toMatchObject({ retried: 2 });
  });
});

describe("a list", () => {
  it("refuses each run that cannot be retried with its reason, and retries the others", async () => {
    const [fine, good, waiting] = [
      await ended(),
      await ended({ state: "succeeded" }),
      await ended({ state: "queued" }),
    ];
    const gone = await ended({ jobId: "no_such_job" });
    const odd = await ended({}, checkedJob);
    const unknown = rowId(api.clock.now());
    const runs = [fine.id, fine.id.toUpperCase(), good.id, waiting.id, gone.id, odd.id, unknown];
    const { status, body } = await retry({ runs });
    expect(status).toBe(202);
    expect(body).toMatchObject({
      retried: 1,
      notRetried: { "not-retryable": 2, "no-such-job": 1, "invalid-input": 1, "not-found": 1 },
      runs: [{ parent: fine.id }],
    });
    expect(new Map(body.refused.map(({ run, reason }) => [run, reason]))).toEqual(
      new Map([
        [good.id, "a run that is succeeded cannot be retried"],
        [waiting.id, "a run that is queued cannot be retried"],
        [gone.id, "there is no job no_such_job in this version of the app"],
        [odd.id, "its input is not valid: n: expected an even number"],
        [unknown, `there is no run ${unknown}`],
      ]),
    );
  });

  it("of runs that are all refused is answered without a run, and is not audited", async () => {
    const { status, body } = await retry({ runs: [rowId(api.clock.now())] });
    expect({ status, retried: body.retried }).toEqual({ status: 200, retried: 0 });
    expect((await api.call<{ entries: object[] }>("GET", "api/admin/audit")).body.entries).toEqual([]);
  });
});

describe("of a chain of repeats", () => {
  const single = (id: string) => api.call("POST", `api/admin/runs/${id}/retry`, {});
  const replay = (id: string) => api.call("POST", "api/admin/dead-letters/replay", { runs: [id] });

  it("only the last run is retried", async () => {
    const first = await ended();
    const second = await repeatOf(first, { state: "skipped" });
    const third = await repeatOf(second, { state: "skipped" });
    expect((await retry({ filter })).body.runs).toMatchObject([{ parent: third.id }]);
  });

  it.each(["succeeded", "running", "queued", "dead"] as const)(
    "no door repeats a run whose repeat was skipped and repeated by a run that is %s",
    async (state) => {
      const first = await ended({ state: "dead" });
      const second = await repeatOf(first, { state: "skipped" });
      const third = await repeatOf(second, { state });
      const told = `run ${third.id} already repeats it and ${state === "succeeded" ? "has" : "is"} ${state}`;
      expect((await retry({ runs: [first.id, second.id] })).body).toMatchObject({ retried: 0 });
      for (const answer of [await single(first.id), await single(second.id), await replay(first.id)]) {
        expect(answer).toMatchObject({ status: 409, body: { detail: told } });
      }
      const open = await api.call<{ deadLetters: { id: string }[] }>("GET", "api/admin/dead-letters");
      expect(open.body.deadLetters.map(({ id }) => id)).toEqual(state === "dead" ? [third.id] : []);
      expect((await api.call("GET", "api/admin/jobs/sample")).body).toMatchObject({
        deadCount: state === "dead" ? 1 : 0,
      });
    },
  );

  it("a dead run stays open while its later repeats were all skipped or cancelled", async () => {
    const first = await ended({ state: "dead" });
    await repeatOf(await repeatOf(first, { state: "cancelled" }), { state: "skipped" });
    const open = await api.call<{ deadLetters: { id: string }[] }>("GET", "api/admin/dead-letters");
    expect(open.body.deadLetters).toMatchObject([{ id: first.id }]);
    expect(await replay(first.id)).toMatchObject({ status: 202, body: { replayed: 1 } });
  });

  it("a branch that was repeated otherwise is not retried, also when the ledger has pruned the first run", async () => {
    const first = await ended({ state: "dead" });
    const branch = await repeatOf(first, { state: "skipped" });
    const other = await repeatOf(first, { state: "dead" });
    await api.db.execute(sql`delete from platform.job_runs where id = ${first.id}::uuid`);
    expect((await retry({ filter })).body).toMatchObject({
      retried: 0,
      refused: [{ run: branch.id, code: "repeated", reason: `run ${other.id} already repeats it and is dead` }],
    });
  });

  it("a skipped slot that a backfill has covered is not retried", async () => {
    const slot = await ended({ trigger: "schedule", scheduledFor: new Date("2026-03-10T06:00:00Z") });
    await ended({ trigger: "schedule", parentRunId: slot.id, backfillId: slot.id, state: "succeeded" });
    expect((await retry({ filter })).body).toMatchObject({ retried: 0 });
    expect((await retry({ runs: [slot.id] })).body).toMatchObject({ notRetried: { repeated: 1 } });
  });

  it("runs that a run started as its children are no repeats", async () => {
    const parent = await ended();
    await ended({ trigger: "chain", parentRunId: parent.id, state: "succeeded" });
    expect((await retry({ filter })).body.runs).toMatchObject([{ parent: parent.id }]);
  });
});

describe("requests at once", () => {
  it("retry each run once, whichever of them gets it", async () => {
    await many(600);
    const halves = { ...filter, reasonCode: undefined };
    const answers = await Promise.all([
      retry({ filter }),
      retry({ filter: halves }),
      retry({ filter: { state: "skipped", job: "sample" } }),
      api.call("POST", "api/admin/runs/00000000-0000-7000-8000-000000000007/retry", {}),
    ]);
    expect(answers.every(({ status }) => status < 500)).toBe(true);
    expect(await listRuns(api.db, { trigger: "retry", limit: 1_000 })).toHaveLength(600);
    expect(await repeatsOfEach()).toEqual([1]);
  });

  it("do not double a run whose first repeat has ended before the second request sees it", async () => {
    const old = await ended();
    const second = await api.db.transaction(async (tx) => {
      const selection = { ids: [old.id] };
      const app = { enqueuer: api.enqueuer, jobs: catalogueOf(sampleJobs) };
      await retryRuns(app, tx, selection, { requestedBy: "a test", idempotencyKey: null });
      await tx.execute(sql`
        update platform.job_runs set state = 'succeeded', finished_at = now() where parent_run_id = ${old.id}::uuid`);
      const bulk = retry({ filter });
      // It has chosen the run, and waits for its lock.
      await lockWait(api.db, "%ancestor%");
      return { bulk, single: api.call("POST", `api/admin/runs/${old.id}/retry`, {}) };
    });
    const [bulk, single] = await Promise.all([second.bulk, second.single]);
    expect(bulk.body).toMatchObject({ retried: 0, notRetried: { repeated: 1 } });
    expect(single.status).toBe(409);
    expect(await listRuns(api.db, { trigger: "retry", limit: 10 })).toHaveLength(1);
  });

  it("with one Idempotency-Key get one answer", async () => {
    await many(20);
    const answers = await Promise.all(Array.from({ length: 5 }, () => retry({ filter }, "once")));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body.runs.map(({ id }) => id).toSorted()))).size).toBe(1);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 200, 202]);
    expect(await retry({ filter, limit: 5 }, "once")).toMatchObject({ status: 422 });
  });
});

it("after kill -9 in the middle nothing is stored, and the next request completes", async () => {
  await many(1_000);
  for (const n of [2, 4]) await ended({ input: { n } }, checkedJob);
  const blocked = await api.db.transaction(async (tx) => {
    // The check of the last job waits for it, when the runs of the first one are inserted.
    await tx.execute(sql`lock table tasks.reminders in access exclusive mode`);
    const child = startProgram(CHILD, [database.url, api.clock.now().toISOString()]);
    await lockWait(api.db, "%reminders%");
    await child.kill();
    return retry({ filter: { ...filter, job: "sample" } });
  });
  expect(blocked.body, "the locks of the dead process are gone").toMatchObject({ retried: 1_000 });
  const { body } = await retry({ filter });
  expect(body).toMatchObject({ retried: 2, refused: [] });
  expect(await repeatsOfEach()).toEqual([1]);
});

it("retries 10,000 runs with a few statements, and answers with the first 1,000", async () => {
  await many(10_001);
  const { body } = await retry({ filter });
  expect(body).toMatchObject({ retried: 10_000 });
  expect([body.runs.length, body.refused.length]).toEqual([1_000, 0]);
  const rest = await retry({ filter, after: body.nextAfter });
  expect(rest.body).toMatchObject({ retried: 1, nextAfter: null });
  expect(new Set(api.dispatched.map(({ id }) => id)).size).toBe(10_001);
  const last = await findRun(api.db, rest.body.runs[0]!.id);
  expect(last).toMatchObject({ input: { n: 10_001 }, state: "queued" });
});

describe("a request is refused", () => {
  const id = "01a202c5-90d9-73d6-8c20-87435e66fa8d";
  it.each<[string, object, field?: string]>([
    ["without a selection", {}, "body"],
    ["with a list and a filter", { runs: [id], filter }, "body"],
    ["with an empty list", { runs: [] }, "runs"],
    ["with more than 1,000 runs", { runs: Array.from({ length: 1_001 }, () => id) }, "runs"],
    ["with what is no id", { runs: ["1"] }, "runs.0"],
    ["without a state", { filter: { family: "samples" } }, "filter.state"],
    ["with a state that is no end without success", { filter: { ...filter, state: "succeeded" } }, "filter.state"],
    ["with nothing but a state", { filter: { state: "skipped" } }, "filter"],
    ["with a job that is no text", { filter: { ...filter, job: 1 } }, "filter.job"],
    ["with a family that is no text", { filter: { ...filter, family: null } }, "filter.family"],
    ["with a reason code that is no text", { filter: { ...filter, reasonCode: ["paused"] } }, "filter.reasonCode"],
    ["with a time without offset", { filter: { ...filter, since: "2026-03-10T12:00:00" } }, "filter.since"],
    ["with a year that cannot be stored", { filter: { ...filter, until: "0000-01-01T00:00:00Z" } }, "filter.until"],
    [
      "with an end before its beginning",
      { filter: { ...filter, since: "2026-03-10T12:00:00Z", until: "2026-03-10T11:00:00Z" } },
      "filter.until",
    ],
    ["with an unknown field", { filter: { ...filter, errorClass: "auth" } }, "filter.errorClass"],
    ["with a page of no runs", { filter, limit: 0 }, "limit"],
    ["with a page of too many runs", { filter, limit: 10_001 }, "limit"],
    ["with a cursor of another kind", { filter, after: id }, "after"],
    ["with a cursor for a list", { runs: [id], after: `${id}_2026-03-10T12:00:00.000Z` }, "after"],
    ["with a dryRun that is no boolean", { filter, dryRun: "yes" }, "dryRun"],
    ["without a reason", { filter, reason: undefined }, "reason"],
    ["with a short reason", { filter, reason: "no" }, "reason"],
    ["with a long reason", { filter, reason: "x".repeat(501) }, "reason"],
  ])("%s", async (_, body, field) => {
    const answer = await retry<{ errors: { field: string }[] }>(body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors.map((error) => error.field)).toContain(field);
  });
});
