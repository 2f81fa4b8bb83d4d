import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import {
  type AlphaVantageFault,
  type FakeAlphaVantage,
  startFakeAlphaVantage,
} from "#local/providers/fake-alpha-vantage.ts";
import type { Fault } from "#local/providers/fault-injection.ts";
import { alphaVantage } from "#providers/alpha-vantage.ts";
import { seriesOfDaily } from "#providers/alpha-vantage/daily.ts";
import { listingOf } from "#rules/portfolio/exchange.ts";
import { sample } from "#support/sample-data.ts";
import { messageOf, requestOf } from "./price-request.ts";
import { providerErrorOf } from "./scripted-server.ts";

const NOW = new Date("2026-04-10T17:00:00Z");
const KEY = "a-secret-key";

let standIn: FakeAlphaVantage;
beforeAll(async () => {
  standIn = await startFakeAlphaVantage({ asOf: () => NOW });
});
afterEach(() => {
  standIn.recover();
});
afterAll(() => standIn.close());

const provider = (key = KEY) => alphaVantage({ baseUrl: standIn.baseUrl, key, now: () => NOW, timeoutMs: 5_000 });

it("the last hundred days are requested when they suffice, otherwise all days", async () => {
  const short = await provider().prices(requestOf({ from: "2026-04-08" }));
  expect(standIn.requests.at(-1)).toMatch(/symbol=SMPW\.DEX&outputsize=compact/);
  expect(short).toMatchObject({ source: "alpha-vantage", series: "raw", currency: "EUR" });
  expect(short.points.map(({ date }) => date)).toEqual(["2026-04-08", "2026-04-09", "2026-04-10"]);
  const all = await provider().prices(requestOf());
  expect(standIn.requests.at(-1)).toContain("outputsize=full");
  expect(all.points[0]).toMatchObject({ date: "2015-01-02", close: expect.stringMatching(/^\d+\.\d{4}$/) as string });
});

it("unadjusted prices with a split are refused", async () => {
  expect(await messageOf(provider(), { symbol: "SMPT" })).toMatch(/jumps on 2022-06-06 as at a split/);
  const since = await provider().prices(requestOf({ symbol: "SMPT", from: "2026-03-02" }));
  expect(since.currency).toBe("USD");
});

it("it is not called for exchanges without a known currency", async () => {
  const asked = standIn.requests.length;
  expect(await messageOf(provider(), { symbol: "SMPK.L" })).toMatch(/alpha-vantage was not called for SMPK\.L/);
  expect(await messageOf(provider(), { symbol: "ABC.XX" })).toMatch(/was not called for ABC\.XX/);
  expect(standIn.requests).toHaveLength(asked);
});

it.each<[AlphaVantageFault | Fault["kind"], string, RegExp, number?]>([
  ["day-limit", "rate_limited", /is a notice: .*25 requests per day/, 3_600_000],
  ["burst", "rate_limited", /Burst pattern detected/, 60_000],
  ["minute-limit", "rate_limited", /5 calls per minute/, 60_000],
  ["premium", "auth", /premium endpoint/],
  ["wrong-symbol", "validation", /is about "SMPX.DEX", and SMPW.DEX was asked for/],
  ["missing-series", "validation", /has no daily time series/],
  ["empty-series", "validation", /has no price/],
  ["bad-price", "validation", /has "NaN" as close on/],
  ["future-date", "validation", /2100-01-04, which is in the future/],
  ["not-json", "validation", /is no JSON/],
  ["cut-short", "transient", /is cut short or damaged/],
  ["html", "transient", /answered with a web page/],
  ["503", "transient", /503/],
])("%s comes with any status and is refused as %s", async (kind, errorClass, words, wait) => {
  standIn.fail({ kind });
  const trouble = await providerErrorOf(() => provider().prices(requestOf({ from: "2026-03-02" })));
  expect(trouble.message).toMatch(words);
  expect(trouble.message).toMatch(/alpha-vantage.*SMPW\.DE/s);
  expect(trouble).toMatchObject({ errorClass, retryAfterMs: wait });
});

it("its key is never shown, also when the service repeats it", async () => {
  standIn.fail({ kind: "day-limit" });
  const words = await messageOf(provider());
  expect(words).toContain("We have detected your API key as ***");
  expect(words).not.toContain(KEY);
});

it("a recorded response is parsed, with adjusted closes if it has them", () => {
  const short = sample("prices/alphavantage-TIME_SERIES_DAILY-IBM-short.json");
  const adjusted = sample("prices/alphavantage-TIME_SERIES_DAILY_ADJUSTED-IBM-compact.json");
  if (!short || !adjusted) return;
  const answer = {
    provider: { name: "alpha-vantage", series: "raw" },
    request: requestOf({ symbol: "IBM" }),
    url: "u",
  } as const;
  const how = { symbol: "IBM", exchange: listingOf("IBM")!.exchange, now: NOW };
  // Recorded in the middle of a trading day, which is long over.
  expect(seriesOfDaily(readFileSync(short, "utf8"), answer, how).points).toMatchObject([
    { date: "2020-05-07", close: "121.2300", volume: "4412047" },
    { date: "2020-05-08", close: "121.7900" },
  ]);
  const running = { ...how, now: new Date("2020-05-08T18:07:03Z") };
  expect(seriesOfDaily(readFileSync(short, "utf8"), answer, running).points.map(({ date }) => date)).toEqual([
    "2020-05-07",
  ]);
  const { points } = seriesOfDaily(readFileSync(adjusted, "utf8"), answer, how);
  expect(points).toHaveLength(100);
  expect(points[0]).toMatchObject({ close: "166.08", adjustedClose: "162.961173543364" });
});
