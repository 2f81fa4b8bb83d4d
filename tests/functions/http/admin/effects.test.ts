import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { insertDeadMessages } from "#data/platform/dead-messages.ts";
import { defineJob, manual } from "#jobs";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { type AdminApi, startAdminApi } from "./admin-api.ts";

const KEY = "order 4711/a placed";
let placed: string[] = [];
let isCutOff = true;
const order = defineJob({
  id: "place_order",
  family: { id: "samples", title: "Samples" },
  summary: "A sample",
  on: manual,
  input: z.strictObject({}),
  run: async ({ once }) => ({
    order: await once(KEY, async (key) => {
      if (isCutOff) throw Object.assign(new Error("no answer"), { code: "ETIMEDOUT" });
      placed.push(key);
      return "o-1";
    }),
  }),
});

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
});
beforeEach(async () => {
  api = startAdminApi(database.url, [order]);
  await emptyTables(api.db, ["platform.job_runs", "platform.effects", "platform.audit_log", "platform.dead_messages"]);
  [placed, isCutOff] = [[], true];
  return () => api.close();
});
afterAll(() => database.drop());

/** The first attempt is interrupted during the call; the second parks the effect instead of a second call. */
async function parkedRun(): Promise<string> {
  const { body } = await api.call<{ id: string }>("POST", "api/admin/jobs/place_order/run");
  expect(await api.runner.execute(body.id)).toMatchObject({ state: "retrying" });
  api.clock.advance(3_600_000);
  expect(await api.runner.execute(body.id)).toMatchObject({ state: "dead" });
  isCutOff = false;
  return body.id;
}
const settle = (body: object) => api.call("POST", `api/admin/effects/${encodeURIComponent(KEY)}/settle`, body);
async function repeated(id: string) {
  const { body } = await api.call<{ id: string }>("POST", `api/admin/runs/${id}/retry`, {});
  return api.runner.execute(body.id);
}

it("a parked effect is listed with its run, and why mentions it", async () => {
  const id = await parkedRun();
  const effect = { key: KEY, state: "parked", runId: id, settledAt: null };
  expect((await api.call("GET", "api/admin/effects")).body).toMatchObject({ effects: [effect] });
  expect((await api.call("GET", "api/admin/effects?state=done")).body).toEqual({ effects: [] });
  expect((await api.call("GET", "api/admin/effects?job=place_order")).body).toMatchObject({ effects: [effect] });
  expect((await api.call("GET", "api/admin/effects?job=another")).body).toEqual({ effects: [] });
  expect((await api.call("GET", `api/admin/runs/${id}`)).body).toMatchObject({ effects: [effect] });
  const why = await api.call<{ sentences: { code: string; text: string }[] }>("GET", "api/admin/jobs/place_order/why");
  const sentence = why.body.sentences.find(({ code }) => code === "effect-parked");
  expect(sentence?.text).toContain(`It is unknown whether "${KEY}", started by run ${id}`);
});

it("resolved as done, the repeat gets the given result and does not make the effect", async () => {
  const id = await parkedRun();
  expect(await settle({ outcome: "done", result: "o-7", reason: "the broker has it" })).toMatchObject({
    status: 200,
    body: { key: KEY, outcome: "done", runId: id },
  });
  expect(await repeated(id)).toMatchObject({ state: "succeeded", result: { order: "o-7" } });
  expect(placed).toEqual([]);
  const { body } = await api.call<{ entries: object[] }>("GET", `api/admin/audit?action=effect settled`);
  expect(body.entries).toMatchObject([
    { subject: `effect:${KEY}`, reason: "the broker has it", after: { result: "o-7" } },
  ]);
});

it("resolved as retry, the repeat makes the effect", async () => {
  const id = await parkedRun();
  expect((await settle({ outcome: "retry", reason: "the broker never saw it" })).status).toBe(200);
  expect(await repeated(id)).toMatchObject({ state: "succeeded", result: { order: "o-1" } });
  expect(placed).toEqual([KEY]);
});

it("of two concurrent requests, one resolves it", async () => {
  await parkedRun();
  const answers = await Promise.all([
    settle({ outcome: "done", reason: "it is there" }),
    settle({ outcome: "retry", reason: "it is not there" }),
  ]);
  const codes = answers.map(({ status }) => status).sort();
  expect(codes[0]).toBe(200);
  expect([404, 409]).toContain(codes[1]);
  const { body } = await api.call<{ entries: object[] }>("GET", "api/admin/audit?action=effect settled");
  expect(body.entries).toHaveLength(1);
});

it("an effect that is not parked cannot be resolved", async () => {
  expect((await settle({ outcome: "done", reason: "it is there" })).status).toBe(404);
  isCutOff = false;
  const { body } = await api.call<{ id: string }>("POST", "api/admin/jobs/place_order/run");
  await api.runner.execute(body.id);
  expect(await settle({ outcome: "retry", reason: "once more" })).toMatchObject({
    status: 409,
    body: { state: "done" },
  });
  expect((await settle({ outcome: "retry", result: 1, reason: "once more" })).status).toBe(400);
});

it("an unreadable message is dismissed once with the reason, and stays stored", async () => {
  const id = "01a20000-0000-7000-8000-00000000000a";
  const message = { id, queue: "job-runs", messageId: null, reason: "no JSON", body: "<xml/>" };
  await insertDeadMessages(api.db, [{ ...message, receivedAt: api.clock.now() }]);
  const letters = async (query = "") =>
    (await api.call<{ deadLetters: object[] }>("GET", `api/admin/dead-letters${query}`)).body.deadLetters;
  expect(await letters()).toMatchObject([{ kind: "message", id, resolvedAt: null }]);
  const dismiss = () => api.call("POST", `api/admin/dead-letters/${id}/dismiss`, { reason: "sent by a test" });
  expect(await dismiss()).toMatchObject({ status: 200, body: { id, resolvedAt: api.clock.now().toISOString() } });
  expect((await dismiss()).status).toBe(409);
  expect(await letters()).toEqual([]);
  expect(await letters("?which=all")).toMatchObject([{ id, content: "<xml/>" }]);
  const { body } = await api.call<{ entries: object[] }>("GET", "api/admin/audit?action=dead letter dismissed");
  expect(body.entries).toMatchObject([{ subject: `message:${id}`, reason: "sent by a test" }]);
  const other = "01a20000-0000-7000-8000-00000000000b";
  expect((await api.call("POST", `api/admin/dead-letters/${other}/dismiss`, { reason: "a test" })).status).toBe(404);
});
