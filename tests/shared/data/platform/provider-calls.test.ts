import { beforeEach, expect, test } from "vitest";
import { connect } from "#data/client.ts";
import { closeRecovered, limitProvider, recordFailure, recordSuccess } from "#data/platform/provider-breaker.ts";
import { beginCall, type BucketLimit, type CallRequest, registerProvider } from "#data/platform/provider-calls.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";

const { url, db } = await openDatabase();
const START = Date.parse("2026-03-10T12:00:00Z");
const POLICY = { failures: 3, probeDelayMs: 30_000, longestProbeDelayMs: 300_000 };
const THREE_A_SECOND: BucketLimit = { name: "3/1s", kind: "rate", maxCalls: 3, periodMs: 1_000 };

beforeEach(async () => {
  await emptyTables(db, ["platform.provider_states", "platform.rate_limit_buckets", "platform.api_calls"]);
});

const after = (seconds: number) => new Date(START + seconds * 1_000);

async function begin(seconds: number, request: Partial<CallRequest> = {}) {
  const defaults = { provider: "notion", buckets: [], holder: "a", horizonMs: 5_000, isLow: false };
  const grant = await beginCall(db, { ...defaults, now: after(seconds), ...request });
  return grant!;
}

const fail = (seconds: number, holder = "a") =>
  db.transaction((tx) =>
    recordFailure(tx, { provider: "notion", holder, begunAt: after(seconds), now: after(seconds) }, POLICY, "503"),
  );

const succeed = (seconds: number, holder = "a") =>
  recordSuccess(db, { provider: "notion", holder, begunAt: after(seconds), now: after(seconds) });

test("a provider that is not registered has no grant", async () => {
  expect(
    await beginCall(db, { provider: "none", buckets: [], holder: "a", horizonMs: 1, isLow: false, now: null }),
  ).toBe(undefined);
});

test("calls within the rate start at once, and later ones when their period allows", async () => {
  await registerProvider(db, "notion", [THREE_A_SECOND]);
  const waits: (number | null)[] = [];
  for (let call = 0; call < 7; call++) waits.push((await begin(0, { buckets: ["3/1s"] })).waitMs);
  expect(waits).toEqual([0, 0, 0, 1_000, 1_000, 1_000, 2_000]);
});

test("a call that would wait for longer than its horizon is refused, takes nothing, and returns in turn", async () => {
  await registerProvider(db, "notion", [THREE_A_SECOND]);
  const request = { buckets: ["3/1s"], horizonMs: 500 };
  for (let call = 0; call < 3; call++) expect((await begin(0, request)).waitMs).toBe(0);
  const refused = [await begin(0, request), await begin(0, request), await begin(0, request)];
  expect(refused.map(({ waitMs }) => waitMs)).toEqual([null, null, null]);
  expect(refused[0]!.limit).toEqual({ name: "3/1s", kind: "rate" });
  // One period, then the pace of the limit.
  expect(refused.map(({ retryMs }) => Math.round(retryMs / 100))).toEqual([13, 17, 20]);
  expect((await begin(1, request)).waitMs).toBe(0);
});

test("a call takes from all of its buckets or from none", async () => {
  const search: BucketLimit = { name: "search 1/1m", kind: "rate", maxCalls: 1, periodMs: 60_000 };
  await registerProvider(db, "notion", [THREE_A_SECOND, search]);
  const both = { buckets: ["3/1s", "search 1/1m"] };
  expect((await begin(0, both)).waitMs).toBe(0);
  for (let call = 0; call < 5; call++) expect((await begin(0, both)).waitMs).toBe(null);
  expect((await begin(0, { buckets: ["3/1s"] })).waitMs).toBe(0);
  expect((await begin(0, { buckets: ["3/1s"] })).waitMs).toBe(0);
});

test("two pools that call at the same time share a bucket", async () => {
  await registerProvider(db, "notion", [{ name: "10/1h", kind: "rate", maxCalls: 10, periodMs: 3_600_000 }]);
  const other = connect({ url, poolMax: 4, idleMs: 1_000, tls: "disable", prepare: true });
  try {
    const calls = Array.from({ length: 40 }, (_, n) =>
      beginCall(n % 2 ? db : other, {
        provider: "notion",
        buckets: ["10/1h"],
        holder: `${n}`,
        horizonMs: 1_000,
        isLow: false,
        now: null,
      }),
    );
    const grants = await Promise.all(calls);
    expect(grants.filter((grant) => grant!.waitMs !== null)).toHaveLength(10);
  } finally {
    await other.$client.end();
  }
});

test("a quota refuses further calls until its period ends, and low-priority ones earlier", async () => {
  const quota: BucketLimit = { name: "10/day", kind: "quota", maxCalls: 10, resets: "day", zone: "America/Chicago" };
  await registerProvider(db, "notion", [quota]);
  const request = { buckets: ["10/day"] };
  for (let call = 0; call < 8; call++) expect((await begin(0, { ...request, isLow: true })).waitMs).toBe(0);
  expect((await begin(0, { ...request, isLow: true })).waitMs).toBe(null);
  for (let call = 0; call < 2; call++) expect((await begin(0, request)).waitMs).toBe(0);
  const refused = await begin(0, request);
  expect(refused).toMatchObject({ waitMs: null, limit: { name: "10/day", kind: "quota" } });
  // Midnight in Chicago is 05:00Z.
  const midnight = (Date.parse("2026-03-11T05:00:00Z") - START) / 1_000;
  expect(refused.retryMs).toBeGreaterThanOrEqual(midnight * 1_000);
  expect((await begin(midnight, request)).waitMs).toBe(0);
});

test("the wait that a provider asks for holds for all calls, and an hour at most", async () => {
  await registerProvider(db, "notion", []);
  await limitProvider(db, { provider: "notion", waitMs: 20_000, now: after(0) });
  expect(await begin(0)).toMatchObject({ waitMs: null, retryMs: 21_000 });
  expect((await begin(17)).waitMs).toBe(3_000);
  await limitProvider(db, { provider: "notion", waitMs: 1_000, now: after(17) });
  expect((await begin(17)).waitMs).toBe(3_000);
  await limitProvider(db, { provider: "notion", waitMs: 86_400_000, now: after(20) });
  expect((await begin(20 + 3_600)).waitMs).toBe(0);
});

test("the breaker opens after consecutive failures, and refused calls return one after another", async () => {
  await registerProvider(db, "notion", []);
  expect((await fail(0))!.state).toBe("closed");
  expect((await fail(1))!.state).toBe("closed");
  expect(await fail(2)).toMatchObject({
    before: "closed",
    state: "open",
    failingSince: after(0),
    nextProbeAt: after(32),
  });
  const refused = [await begin(3), await begin(3), await begin(3)];
  expect(refused.map(({ waitMs, retryMs }) => [waitMs, retryMs])).toEqual([
    [null, 30_000],
    [null, 31_000],
    [null, 32_000],
  ]);
});

test("a success between failures keeps the breaker closed", async () => {
  await registerProvider(db, "notion", []);
  await fail(0);
  await fail(1);
  await succeed(2);
  expect((await fail(3))!.state).toBe("closed");
  // This call began before the failure: it proves nothing about it.
  expect(await recordSuccess(db, { provider: "notion", holder: "a", begunAt: after(2), now: after(4) })).toBe(
    undefined,
  );
});

test("of many concurrent calls to an open breaker one probes", async () => {
  await registerProvider(db, "notion", []);
  for (const second of [0, 1, 2]) await fail(second);
  const other = connect({ url, poolMax: 4, idleMs: 1_000, tls: "disable", prepare: true });
  try {
    const grants = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        beginCall(n % 2 ? db : other, {
          provider: "notion",
          buckets: [],
          holder: `${n}`,
          horizonMs: 5_000,
          isLow: false,
          now: after(40),
        }),
      ),
    );
    expect(grants.filter((grant) => grant!.isProbe)).toHaveLength(1);
    expect(grants.filter((grant) => grant!.waitMs !== null)).toHaveLength(1);
  } finally {
    await other.$client.end();
  }
});

test("the delay of the probe doubles to its limit while probes fail", async () => {
  await registerProvider(db, "notion", []);
  for (const second of [0, 1, 2]) await fail(second);
  const delays: number[] = [];
  let at = 32;
  for (let probe = 0; probe < 6; probe++) {
    const grant = await begin(at, { holder: `${probe}` });
    expect(grant.isProbe).toBe(true);
    const change = await fail(at, `${probe}`);
    const next = (change!.nextProbeAt!.getTime() - START) / 1_000;
    delays.push(next - at);
    at = next;
  }
  expect(delays).toEqual([60, 120, 240, 300, 300, 300]);
});

test("a probe that never ends blocks the next one for five minutes", async () => {
  await registerProvider(db, "notion", []);
  for (const second of [0, 1, 2]) await fail(second);
  expect((await begin(40, { holder: "dies" })).isProbe).toBe(true);
  expect((await begin(300, { holder: "b" })).waitMs).toBe(null);
  expect((await begin(341, { holder: "c" })).isProbe).toBe(true);
  // The late end of the first one changes nothing.
  expect(await succeed(342, "dies")).toBe(undefined);
  expect((await succeed(343, "c"))!.state).toBe("half_open");
});

test("a half-open breaker starts calls at a rising rate, then closes", async () => {
  await registerProvider(db, "notion", []);
  for (const second of [0, 1, 2]) await fail(second);
  await begin(40, { holder: "p" });
  expect(await succeed(41, "p")).toMatchObject({ before: "open", state: "half_open" });
  const started = async (second: number) => {
    const grants = [];
    for (let call = 0; call < 100; call++) grants.push(await begin(second, { horizonMs: 1_000 }));
    return grants.filter(({ waitMs }) => waitMs !== null).length;
  };
  expect([await started(41), await started(71)]).toEqual([2, 5]);
  // 64 a second, less what the milliseconds of the column round away.
  expect(await started(131)).toBeGreaterThan(60);
  expect((await begin(131, { isLow: true })).waitMs).toBe(null);
  expect(await db.transaction((tx) => closeRecovered(tx, after(150)))).toEqual([]);
  expect((await begin(162, { isLow: true })).isRampOver).toBe(true);
  expect(await db.transaction((tx) => closeRecovered(tx, after(162)))).toMatchObject([
    { provider: "notion", state: "closed", openedAt: after(2), failingSince: after(0) },
  ]);
  expect((await begin(163)).state).toBe("closed");
});

test("a failure opens a half-open breaker again, unless its call began before the recovery", async () => {
  await registerProvider(db, "notion", []);
  for (const second of [0, 1, 2]) await fail(second);
  await begin(40, { holder: "p" });
  await succeed(41, "p");
  const late = { provider: "notion", holder: "x", begunAt: after(1), now: after(50) };
  expect((await db.transaction((tx) => recordFailure(tx, late, POLICY, "timeout")))!.state).toBe("half_open");
  expect(await fail(51)).toMatchObject({ state: "open", openedAt: after(2), nextProbeAt: after(111) });
});

test("times that a clock ahead of now wrote block nothing", async () => {
  const quota: BucketLimit = { name: "10/day", kind: "quota", maxCalls: 10, resets: "day", zone: "UTC" };
  await registerProvider(db, "notion", [THREE_A_SECOND, quota]);
  const year = 365 * 86_400;
  for (let call = 0; call < 3; call++) await begin(year, { buckets: ["3/1s", "10/day"] });
  for (const second of [0, 1, 2]) await fail(year + second);
  await limitProvider(db, { provider: "notion", waitMs: 3_600_000, now: after(year) });
  const probe = await begin(0, { buckets: ["3/1s", "10/day"], holder: "p" });
  expect(probe).toMatchObject({ isProbe: true, waitMs: 0 });
  expect((await succeed(0, "p"))!.state).toBe("half_open");
});
