import { describe, expect, test } from "vitest";
import { startFakeEcb } from "#local/providers/fake-ecb.ts";
import { startFakeFrankfurter } from "#local/providers/fake-frankfurter.ts";
import { ecb } from "#providers/ecb.ts";
import { frankfurter } from "#providers/frankfurter.ts";
import type { FxProvider, RatesOfDay } from "#providers/fx-provider.ts";
import { ProviderError } from "#providers/provider-error.ts";
import { AllProvidersFailed, fxWithFallback, type ProviderFailure } from "#providers/provider-fallback.ts";
import { all } from "./scripted-server.ts";

const NOW = new Date("2025-05-14T15:00:00Z");
const RANGE = ["2025-04-01", "2025-05-14"] as const;

async function both() {
  const first = await startFakeEcb({ asOf: () => NOW });
  const second = await startFakeFrankfurter({ asOf: () => NOW });
  const failures: ProviderFailure[] = [];
  const now = () => NOW;
  const order = fxWithFallback(
    [ecb({ baseUrl: first.baseUrl, now }), frankfurter({ baseUrl: second.baseUrl, now })],
    (failure) => failures.push(failure),
  );
  return {
    first,
    second,
    order,
    failures,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([first.close(), second.close()]);
    },
  };
}

const failureOf = async (work: () => Promise<unknown>) => {
  const thrown: unknown = await work().catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(AllProvidersFailed);
  return thrown as AllProvidersFailed;
};

describe("with several providers", () => {
  test("the first one answers while it works", async () => {
    await using services = await both();
    expect((await services.order.latest()).source).toBe("ecb");
    expect(services.second.requests).toEqual([]);
    expect(services.failures).toEqual([]);
  });

  test("the next one answers when one fails, and onFailure gets the failure", async () => {
    await using services = await both();
    services.first.fail({ kind: "html" });
    expect((await services.order.latest()).source).toBe("frankfurter");
    expect(services.failures).toMatchObject([{ provider: "ecb", error: { errorClass: "transient" } }]);
    const days = await all(services.order.since(...RANGE));
    expect(new Set(days.map(({ source }) => source))).toEqual(new Set(["frankfurter"]));
  });

  test("when all fail, the error has each reason, the most retryable class and the shortest wait", async () => {
    await using services = await both();
    services.first.fail({ kind: "unknown-column" });
    services.second.fail({ kind: "429", retryAfter: "30" });
    const failure = await failureOf(() => services.order.latest());
    expect(failure).toMatchObject({ errorClass: "rate_limited", retryAfterMs: 30_000 });
    expect(failure.message).toMatch(/^no provider answered: .*unknown currency "ZZZ".*; frankfurter answered 429 /);
    expect(failure.failures.map(({ provider }) => provider)).toEqual(["ecb", "frankfurter"]);

    services.first.recover();
    services.first.fail({ kind: "503" });
    expect(await failureOf(() => all(services.order.since(...RANGE)))).toMatchObject({ errorClass: "transient" });
  });

  test("an abort ends the whole call, not only one provider", async () => {
    await using services = await both();
    const stop = new AbortController();
    services.first.fail({ kind: "hang" });
    const asking = services.order.latest({ signal: stop.signal });
    stop.abort(new Error("lease lost"));
    await expect(asking).rejects.toThrow("lease lost");
    expect(services.second.requests).toEqual([]);
  });

  test("sources are never mixed: after a failure midway the next one answers the whole range", async () => {
    const day = (source: string, date: string): RatesOfDay => ({
      date,
      source,
      rates: [{ quote: "USD", rate: "1.1" }],
    });
    const breaking: FxProvider = {
      name: "one",
      latest: () => Promise.reject(new Error("unused")),
      async *since() {
        yield day("one", "2025-05-14");
        throw new ProviderError("one broke off", { provider: "one", errorClass: "validation" });
      },
    };
    const whole: FxProvider = {
      name: "two",
      latest: () => Promise.reject(new Error("unused")),
      async *since() {
        yield day("two", "2025-05-14");
        yield day("two", "2025-05-13");
      },
    };
    const days = await all(fxWithFallback([breaking, whole]).since(...RANGE));
    expect(days.map(({ source, date }) => `${source} ${date}`)).toEqual([
      "one 2025-05-14",
      "two 2025-05-14",
      "two 2025-05-13",
    ]);
    await failureOf(() => all(fxWithFallback([breaking]).since(...RANGE)));
  });

  test("a reader that stops early is not a failure", async () => {
    await using services = await both();
    for await (const { source } of services.order.since(...RANGE)) {
      expect(source).toBe("ecb");
      break;
    }
    expect(services.failures).toEqual([]);
    expect(services.second.requests).toEqual([]);
  });

  test("an empty list of providers is refused", () => {
    expect(() => fxWithFallback([])).toThrow("expected at least one provider of exchange rates, got none");
  });
});

test.each([
  [["validation", "auth"], "auth"],
  [["auth", "unknown"], "unknown"],
  [["unknown", "rate_limited"], "rate_limited"],
  [["rate_limited", "transient"], "transient"],
] as const)("of %j the class of the whole is %s", (classes, expected) => {
  const failures = classes.map((errorClass) => ({
    provider: errorClass,
    error: new ProviderError("failed", { provider: errorClass, errorClass }),
  }));
  expect(new AllProvidersFailed(failures).errorClass).toBe(expected);
  expect(new AllProvidersFailed(failures.reverse()).errorClass).toBe(expected);
});
