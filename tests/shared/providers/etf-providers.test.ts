import { expect, it } from "vitest";
import type { EtfProvider, PriceSeries } from "#providers/etf-provider.ts";
import { mapConcurrently } from "#providers/map-concurrently.ts";
import { ProviderError } from "#providers/provider-error.ts";
import { etfWithFallback } from "#providers/provider-fallback.ts";
import { rateLimitGuard } from "#providers/rate-limit-guard.ts";
import { retryRequest } from "#providers/retry-request.ts";
import { createSignal } from "#support/signal.ts";
import { messageOf, requestOf } from "./price-request.ts";
import { all } from "./scripted-server.ts";

function trouble(errorClass: "transient" | "rate_limited" | "validation", retryAfterMs?: number): ProviderError {
  return new ProviderError(`it is ${errorClass}`, { provider: "a", errorClass, retryAfterMs });
}

function stub(name: string, series: "raw" | "adjusted", answer: () => Promise<unknown>): EtfProvider {
  return { name, series, prices: () => answer() as Promise<PriceSeries> };
}

it("providers are called in order, one of another series kind only without stored prices", async () => {
  const asked: string[] = [];
  const failing = stub("a", "raw", async () => Promise.reject(trouble("transient")));
  const adjusted = stub("b", "adjusted", async () => (asked.push("b"), { source: "b" }));
  const raw = stub("c", "raw", async () => (asked.push("c"), { source: "c" }));
  const order = etfWithFallback([failing, adjusted, raw]);
  expect(await order.prices(requestOf({ series: null }))).toEqual({ source: "b" });
  expect(await order.prices(requestOf({ series: "raw" }))).toEqual({ source: "c" });
  expect(asked).toEqual(["b", "c"]);
  await expect(etfWithFallback([failing, adjusted]).prices(requestOf({ series: "raw" }))).rejects.toMatchObject({
    errorClass: "transient",
    message: expect.stringContaining(
      "b was not called for SMPW.DE: its prices are adjusted, the stored ones raw",
    ) as string,
  });
});

it("a rate-limited provider is not called for as long as it asked", async () => {
  let now = new Date("2026-04-10T17:00:00Z");
  let calls = 0;
  const busy = stub("a", "raw", async () =>
    ++calls === 1 ? Promise.reject(trouble("rate_limited", 5_000)) : { source: "a" },
  );
  const provider = rateLimitGuard(busy, () => now);
  expect(await messageOf(provider)).toBe("it is rate_limited");
  now = new Date("2026-04-10T17:00:04Z");
  expect(await messageOf(provider)).toBe("a was not called for SMPW.DE: its rate limit ends in 1 s");
  now = new Date("2026-04-10T17:00:05Z");
  expect(await provider.prices(requestOf())).toEqual({ source: "a" });
  expect(calls).toBe(2);
});

const policy = { kind: "exponential", retries: 2, firstMs: 1, factor: 1, maxMs: 1 } as const;
const asking = { policy, longestWaitMs: 1_000, signal: new AbortController().signal };

it("a retryable failure is retried as often as the policy allows", async () => {
  let calls = 0;
  const answered = await retryRequest(
    async () => (++calls < 3 ? Promise.reject(trouble("transient", 0)) : "an answer"),
    asking,
  );
  expect([answered, calls]).toEqual(["an answer", 3]);
  calls = 0;
  await expect(retryRequest(async () => (calls++, Promise.reject(trouble("transient"))), asking)).rejects.toThrow(
    "it is transient",
  );
  expect(calls).toBe(3);
});

it.each([
  ["what will not pass", trouble("validation")],
  ["what wants to wait too long", trouble("rate_limited", 1_001)],
])("%s is asked once", async (_, error) => {
  let calls = 0;
  await expect(retryRequest(async () => (calls++, Promise.reject(error)), asking)).rejects.toBe(error);
  expect(calls).toBe(1);
});

it("an abort ends the wait with its reason", async () => {
  const abort = new AbortController();
  const waiting = retryRequest(async () => Promise.reject(trouble("transient", 60_000)), {
    policy,
    longestWaitMs: 60_000,
    signal: abort.signal,
  });
  abort.abort(new Error("stop"));
  await expect(waiting).rejects.toThrow("stop");
});

it("results come in the order of the items, and at most the allowed number of calls runs", async () => {
  const gates = Array.from({ length: 5 }, () => createSignal());
  const started: number[] = [];
  const asked = mapConcurrently(2, [0, 1, 2, 3, 4], async (item) => {
    started.push(item);
    await gates[item]!.reached;
    if (item === 1) throw new Error("no answer");
    return item * 10;
  });
  const first = asked.next();
  gates[1]!.reach();
  await Promise.resolve();
  expect(started).toEqual([0, 1]);
  gates[0]!.reach();
  expect((await first).value).toMatchObject({ item: 0, answer: { status: "fulfilled", value: 0 } });
  expect(started).toEqual([0, 1, 2]);
  for (const gate of gates) gate.reach();
  const rest = await all(asked);
  expect(rest.map(({ item, answer }) => [item, answer.status])).toEqual([
    [1, "rejected"],
    [2, "fulfilled"],
    [3, "fulfilled"],
    [4, "fulfilled"],
  ]);
});
