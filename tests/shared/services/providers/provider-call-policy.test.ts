import { sql } from "drizzle-orm";
import { beforeEach, expect, test } from "vitest";
import { connect } from "#data/client.ts";
import type { BreakerChange } from "#data/platform/provider-breaker.ts";
import { providerWaitOf } from "#jobs/provider-wait.ts";
import { ProviderError } from "#providers/provider-error.ts";
import { ProviderCallPolicies } from "#services/providers/provider-call-policy.ts";
import { readProviderLimits } from "#settings/provider-limits.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { TestClock } from "#support/test-clock.ts";

const { url, db } = await openDatabase();
const DOWN = new ProviderError("acme answered 503", { provider: "acme", errorClass: "transient", status: 503 });
const CALL = { provider: "acme", path: "/" };

beforeEach(async () => {
  await emptyTables(db, ["platform.provider_states", "platform.rate_limit_buckets", "platform.api_calls"]);
});

/** The policies of one process, with what they announced. */
function policies({ limits = "acme=100/1s", clock = new TestClock(), own = db } = {}) {
  const changes: BreakerChange[] = [];
  const recovering: string[] = [];
  const warned: string[] = [];
  const all = new ProviderCallPolicies({
    db: own,
    clock,
    settings: {
      PROVIDER_LIMITS: readProviderLimits(limits),
      PROVIDER_BREAKER_FAILURES: 3,
      PROVIDER_PROBE_DELAY: 30_000,
      PROVIDER_PROBE_MAX_DELAY: 300_000,
      PROVIDER_LONGEST_OUTAGE: 3_600_000,
    },
    log: { info: () => undefined, warn: (message) => void warned.push(message) },
    changed: async (_tx, _provider, change) => void changes.push(change),
    recovering: async (provider) => void recovering.push(provider),
    sleep: async () => undefined,
  });
  return { all, policy: all.of({ isLow: false }), low: all.of({ isLow: true }), clock, changes, recovering, warned };
}

async function failTimes({ policy }: ReturnType<typeof policies>, times: number) {
  const waits = [];
  for (let n = 0; n < times; n++) waits.push(await (await policy.begin(CALL)).ended({ status: 503, error: DOWN }));
  return waits;
}

test("the failure that opens the breaker makes its run wait, and later calls are not made", async () => {
  const app = policies();
  const waits = await failTimes(app, 3);
  expect(waits.map((wait) => wait?.waitMs)).toEqual([undefined, undefined, 30_000]);
  expect(app.changes).toMatchObject([{ before: "closed", state: "open", reason: "acme answered 503" }]);
  const refused = await app.policy.begin(CALL).catch((error: unknown) => error as ProviderError);
  expect(refused).toMatchObject({ name: "ProviderError", errorClass: "rate_limited" });
  expect(providerWaitOf(refused)).toMatchObject({
    provider: "acme",
    failingSince: new Date("2026-03-10T12:00:00Z"),
    reason: "acme has been down since 2026-03-10T12:00:00Z, next probe at 2026-03-10T12:00:30Z",
  });
});

test("validation errors, missing rights and calls that the caller stopped do not open the breaker", async () => {
  const app = policies();
  for (let n = 0; n < 5; n++) {
    for (const [status, errorClass] of [
      [404, "validation"],
      [403, "auth"],
    ] as const) {
      const error = new ProviderError("no", { provider: "acme", errorClass, status });
      await (await app.policy.begin(CALL)).ended({ status, error });
    }
    await (await app.policy.begin(CALL)).ended({});
  }
  expect(app.changes).toEqual([]);
});

test("the wait of a 429 keeps another process from calling", async () => {
  const other = connect({ url, poolMax: 2, idleMs: 1_000, tls: "disable", prepare: true });
  try {
    const [here, there] = [policies(), policies({ own: other })];
    const limited = new ProviderError("429", { provider: "acme", errorClass: "rate_limited", status: 429 });
    await (await here.policy.begin(CALL)).ended({ status: 429, retryAfterMs: 40_000, error: limited });
    const refused = await there.policy.begin(CALL).catch((error: unknown) => error);
    expect(providerWaitOf(refused)).toMatchObject({ reason: "acme asks to wait", failingSince: null });
    expect(providerWaitOf(refused)!.waitMs).toBeGreaterThanOrEqual(40_000);
  } finally {
    await other.$client.end();
  }
});

test("a probe that answers makes the breaker half open, wakes the runs, and later closes it once", async () => {
  const app = policies();
  await failTimes(app, 3);
  app.clock.advance(30_000);
  await (await app.policy.begin(CALL)).ended({ status: 200 });
  expect(app.recovering).toEqual(["acme"]);
  app.clock.advance(121_000);
  await Promise.all([app.all.closeRecovered(), app.all.closeRecovered(), app.policy.begin(CALL)]);
  await app.all.closeRecovered();
  expect(app.changes.map(({ state }) => state)).toEqual(["open", "closed"]);
  // Once more, for runs that the first call did not wake.
  expect(app.recovering).toEqual(["acme", "acme"]);
});

test("a probe that its caller stops is given back", async () => {
  const app = policies();
  await failTimes(app, 3);
  app.clock.advance(30_000);
  await (await app.policy.begin(CALL)).ended({});
  await (await app.policy.begin(CALL)).ended({ status: 200 });
  expect(app.recovering).toEqual(["acme"]);
});

test("an outage that has lasted too long counts as failed attempts", async () => {
  const app = policies();
  await failTimes(app, 3);
  app.clock.advance(3_601_000);
  const probe = await app.policy.begin(CALL);
  const refused = await app.policy.begin(CALL).catch((error: unknown) => error);
  expect([refused, providerWaitOf(refused)]).toMatchObject([
    { retryAfterMs: expect.any(Number) as unknown },
    undefined,
  ]);
  expect(await probe.ended({ status: 503, error: DOWN })).toBe(undefined);
});

test("work of low priority leaves the last fifth of a quota", async () => {
  const app = policies({ limits: "acme=10/day" });
  for (let n = 0; n < 8; n++) await app.low.begin(CALL);
  const refused = await app.low.begin(CALL).catch((error: unknown) => error);
  expect(providerWaitOf(refused)?.reason).toBe("the quota of acme (10/day) is exhausted");
  await app.policy.begin(CALL);
});

test("calls are counted by minute, with errors, refusals, duration and cost", async () => {
  const app = policies({ limits: "acme=2/day" });
  await (await app.policy.begin(CALL)).ended({ status: 200, microcents: 1_500 });
  await (await app.policy.begin(CALL)).ended({ status: 503, error: DOWN });
  await app.policy.begin(CALL).catch(() => undefined);
  await app.all.flush();
  const rows = await db.execute(
    sql`select provider, minute, calls, errors, limited, refused, microcents from platform.api_calls`,
  );
  expect([...rows]).toMatchObject([
    { provider: "acme", calls: "2", errors: "1", limited: "0", refused: "1", microcents: "1500" },
  ]);
});

test("rows that were deleted while the process runs are made again", async () => {
  const app = policies();
  await app.policy.begin(CALL);
  await emptyTables(db, ["platform.provider_states", "platform.rate_limit_buckets"]);
  await app.policy.begin(CALL);
  expect([...(await db.execute(sql`select provider from platform.provider_states`))]).toEqual([{ provider: "acme" }]);
});
