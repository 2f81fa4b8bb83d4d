import { afterAll, beforeAll, expect, it } from "vitest";
import { agentAuditLog } from "#data/personal-ops/personal-ops-schema.ts";
import { insertRetryJob } from "#data/personal-ops/retry-jobs.ts";
import { jobs } from "#functions/index.ts";
import { processRetryQueue } from "#functions/personal-ops/process-retry-queue.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, jobs);
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

const LETTERS = "api/personal-ops/dead-letters";
interface Letters {
  deadLetters: { id: number; resolution: string | null; error: string; payload: Record<string, unknown> }[];
}

/** A dead letter of a retry job with a bad payload. */
async function aDeadLetter(): Promise<number> {
  await api.db.transaction((tx) =>
    insertRetryJob(tx, { kind: "run_job", payload: { job: 7, password: "hunter22" } }, api.clock.now()),
  );
  const asked = { input: {}, trigger: "event", requestedBy: "a test" } as const;
  const { id } = await api.enqueuer.enqueue(processRetryQueue, asked);
  await api.runner.execute(id);
  return (await api.call<Letters>("GET", LETTERS)).body.deadLetters[0]!.id;
}

it("a person dismisses a dead letter with a reason: it is no longer open, and the audit has it", async () => {
  const id = await aDeadLetter();
  expect((await api.call<Letters>("GET", LETTERS)).body.deadLetters[0]!.payload).toEqual({
    job: 7,
    password: "[redacted]",
  });
  expect(await api.call("POST", `${LETTERS}/${id}/dismiss`, {})).toMatchObject({ status: 400 });
  const answer = await api.call("POST", `${LETTERS}/${id}/dismiss`, { reason: "a typing error" });
  expect(answer).toMatchObject({ status: 200, body: { id, resolution: "dismissed", reason: "a typing error" } });
  expect((await api.call<Letters>("GET", LETTERS)).body.deadLetters).toEqual([]);
  expect((await api.call<Letters>("GET", `${LETTERS}?which=all`)).body.deadLetters).toMatchObject([{ id }]);
  expect(await api.call("POST", `${LETTERS}/${id}/replay`, { reason: "again" })).toMatchObject({ status: 409 });
  const audit = await api.call<{ entries: unknown[] }>("GET", "api/personal-ops/audit?type=control");
  expect(audit.body.entries).toMatchObject([
    { action: "dead letter dismissed", success: true, output: { deadLetter: id, reason: "a typing error" } },
  ]);
});

it("a person replays a dead letter as a new retry job, once for an idempotency key", async () => {
  const id = await aDeadLetter();
  const key = { "idempotency-key": "replay-1" };
  for (let n = 0; n < 2; n++) {
    const answer = await api.call("POST", `${LETTERS}/${id}/replay`, { reason: "fixed" }, key);
    expect(answer).toMatchObject({ status: 200, body: { id, resolution: "replayed" } });
  }
  const { body } = await api.call<{ retryJobs: unknown[] }>("GET", "api/personal-ops/retry-jobs?status=pending");
  expect(body.retryJobs).toMatchObject([{ kind: "run_job", attempts: 0, maxAttempts: 5 }]);
});

it("a dead letter that does not exist is 404", async () => {
  expect(await api.call("POST", `${LETTERS}/4711/dismiss`, { reason: "a test" })).toMatchObject({ status: 404 });
});

it("the audit is paged, newest first, without archived entries", async () => {
  await api.db.delete(agentAuditLog);
  const at = api.clock.now();
  const entry = { at, actionType: "manual", actor: "a", success: true } as const;
  await api.db.insert(agentAuditLog).values(["1", "2", "3"].map((action) => ({ ...entry, action })));
  await api.db.insert(agentAuditLog).values({ ...entry, action: "old", archived: true });
  interface Page {
    entries: { action: string }[];
    nextCursor: string | null;
  }
  const first = (await api.call<Page>("GET", "api/personal-ops/audit?limit=2")).body;
  const second = (await api.call<Page>("GET", `api/personal-ops/audit?limit=2&cursor=${first.nextCursor}`)).body;
  expect([first, second].map(({ entries }) => entries.map(({ action }) => action))).toEqual([["3", "2"], ["1"]]);
  expect(second.nextCursor).toBeNull();
  expect(await api.call("GET", "api/personal-ops/audit?cursor=x")).toMatchObject({ status: 400 });
});
