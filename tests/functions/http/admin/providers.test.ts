import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { defineJob, exponential, manual } from "#jobs";
import { withinPolicy } from "#providers/outbound/within-policy.ts";
import { ProviderError } from "#providers/provider-error.ts";
import { Runner } from "#runner/runner.ts";
import { appCallPolicies } from "#services/providers/app-call-policies.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { type AdminApi, startAdminApi } from "./admin-api.ts";

let isDown = true;
let calls = 0;
const callAcme = defineJob({
  id: "call_acme",
  family: { id: "samples", title: "Samples" },
  summary: "A sample",
  on: manual,
  input: z.strictObject({}),
  concurrency: () => null,
  retry: exponential({ retries: 5, first: "1s", max: "1s" }),
  run: async ({ callPolicy: policy, signal }) => {
    await withinPolicy({ provider: "acme", policy, signal }, async () => {
      calls += 1;
      if (isDown)
        throw new ProviderError("acme answered 503", { provider: "acme", errorClass: "transient", status: 503 });
    });
  },
});

let database: TestDatabase;
let api: AdminApi;
let runner: Runner;
let policies: ReturnType<typeof appCallPolicies>;
beforeAll(async () => {
  database = await migratedDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  api = startAdminApi(database.url, [callAcme], {
    env: { PROVIDER_BREAKER_FAILURES: "3", PROVIDER_LIMITS: "acme=100/day" },
  });
  policies = appCallPolicies(() => api.app);
  runner = new Runner({ ...api.dependencies, callPolicy: (run) => policies.ofRun(run) });
  const tables = ["job_runs", "provider_states", "rate_limit_buckets", "api_calls", "notifications", "audit_log"];
  await emptyTables(
    api.db,
    tables.map((name) => `platform.${name}`),
  );
  [isDown, calls] = [true, 0];
  return () => api.close();
});

interface View {
  state: string;
  trouble: string | null;
  waitingRuns: number;
}
const request = async () => (await api.call<{ id: string }>("POST", "api/admin/jobs/call_acme/run")).body.id;
const acme = async () => (await api.call<{ providers: View[] }>("GET", "api/admin/providers")).body.providers[0];
const why = async () =>
  (await api.call<{ sentences: { code: string; text: string }[] }>("GET", "api/admin/jobs/call_acme/why")).body
    .sentences;
const switchTo = (verb: string, reason?: string) =>
  api.call<View & { started: number }>("POST", `api/admin/providers/acme/${verb}`, { reason });

/** Runs one attempt of each of three runs: the third opens the breaker. */
async function outage(): Promise<string[]> {
  const ids = [await request(), await request(), await request()];
  for (const id of ids) await runner.execute(id);
  return ids;
}

test("a provider that is down is in the list, in why and in health, with the runs that wait for it", async () => {
  const [, , opener] = await outage();
  const refused = await runner.execute(await request());
  expect(refused).toMatchObject({ state: "retrying", reasonCode: "provider:acme", errors: [] });
  expect(await runner.execute(opener!)).toBe(undefined);
  await policies.flush();
  const trouble =
    "acme has been down since 2026-03-10T12:00:00Z (0 ms): acme answered 503, next probe at 2026-03-10T12:00:30Z; 2 runs wait";
  expect(await acme()).toMatchObject({ state: "open", trouble, waitingRuns: 2, lastHour: { calls: 0 } });
  expect(await why()).toContainEqual({ code: "provider", text: `A${trouble.slice(1)}.` });
  const health = await api.call("GET", "api/jobs/health");
  expect(health.body).toMatchObject({ healthy: true, providers: [{ provider: "acme", state: "open", trouble }] });
});

test("operators are notified once when it opens and once when it closes", async () => {
  const ids = await outage();
  await runner.execute(await request());
  isDown = false;
  api.clock.advance(31_000);
  expect(await runner.execute(ids[2]!)).toMatchObject({ state: "succeeded" });
  expect(await acme()).toMatchObject({ state: "half_open" });
  api.clock.advance(121_000);
  await policies.closeRecovered();
  await policies.closeRecovered();
  expect(await acme()).toMatchObject({ state: "closed", trouble: null });
  const types = await api.db.execute<{ type: string; title: string }>(
    "select type, title from platform.notifications order by id",
  );
  expect([...types]).toMatchObject([
    { type: "provider.down", title: "acme is down" },
    { type: "provider.up", title: "acme answers again" },
  ]);
});

test("an outage costs no attempt: the failures before the breaker opened are given back", async () => {
  const [first] = await outage();
  api.clock.advance(10_000);
  expect(await runner.execute(first!)).toMatchObject({ state: "retrying", attempt: 2, maxAttempts: 8 });
  isDown = false;
  api.clock.advance(21_000);
  await runner.execute(await request());
  api.clock.advance(30_000);
  // Six attempts remained before the outage, and six after it.
  expect(await runner.execute(first!)).toMatchObject({ state: "succeeded", attempt: 3, maxAttempts: 8 });
});

test("an operator closes a provider off and lets calls start again, with a reason in the audit", async () => {
  isDown = false;
  await runner.execute(await request());
  expect((await switchTo("open")).status).toBe(400);
  expect((await switchTo("open", "the contract has ended")).body).toMatchObject({ state: "open", started: 0 });
  const id = await request();
  expect(await runner.execute(id)).toMatchObject({
    state: "retrying",
    reason: expect.stringMatching(/closed off acme at .*: the contract has ended$/) as unknown,
  });
  api.clock.advance(60_000);
  await runner.execute(await request());
  expect(calls).toBe(1);
  expect((await switchTo("close", "it was renewed")).body).toMatchObject({ state: "half_open", started: 2 });
  expect(await runner.execute(id)).toMatchObject({ state: "succeeded" });
  const audit = await api.call<{ entries: object[] }>("GET", "api/admin/audit?subject=provider:acme");
  expect(audit.body).toMatchObject({
    entries: [
      { action: "provider closed", reason: "it was renewed" },
      { action: "provider opened", reason: "the contract has ended" },
    ],
  });
});

test("a provider that is neither known nor was called is not found", async () => {
  for (const name of ["nobody", "constructor", "__proto__"]) {
    expect((await api.call("POST", `api/admin/providers/${name}/open`, { reason: "a test" })).status, name).toBe(404);
  }
  expect((await api.call("POST", "api/admin/providers/notion/open", { reason: "a test" })).status).toBe(200);
});
