import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type FakeTwelveData, startFakeTwelveData, type TwelveDataFault } from "#local/providers/fake-twelve-data.ts";
import type { Fault } from "#local/providers/fault-injection.ts";
import { SAMPLE_ETFS, sampleBars } from "#local/providers/sample-prices.ts";
import { twelveData } from "#providers/twelve-data.ts";
import { messageOf, requestOf } from "./price-request.ts";
import { providerErrorOf } from "./scripted-server.ts";

const NOW = new Date("2026-04-10T17:00:20Z");

let standIn: FakeTwelveData;
beforeAll(async () => {
  standIn = await startFakeTwelveData({ asOf: () => NOW });
});
afterEach(() => {
  standIn.recover();
});
afterAll(() => standIn.close());

const provider = (pageSize = 5_000) =>
  twelveData({ baseUrl: standIn.baseUrl, key: "a-key", now: () => NOW, pageSize, timeoutMs: 5_000 });

it("a series has every trading day of its exchange, oldest first, and no URL contains the key", async () => {
  const series = await provider().prices(requestOf());
  expect(series).toMatchObject({ source: "twelve-data", series: "raw", currency: "EUR", exchange: "XETRA" });
  expect(series.points.map(({ date }) => date)).toEqual(sampleBars(SAMPLE_ETFS[0]!, NOW).map(({ date }) => date));
  expect(standIn.requests.at(-1)).toMatch(/symbol=SMPW&mic_code=XETR&interval=1day&adjust=splits/);
  expect(standIn.requests.at(-1)).not.toContain("a-key");
});

it("a history longer than a page is read page by page, each day once", async () => {
  const asked = standIn.requests.length;
  const { points } = await provider(1_000).prices(requestOf());
  const days = sampleBars(SAMPLE_ETFS[0]!, NOW).map(({ date }) => date);
  expect(points.map(({ date }) => date)).toEqual(days);
  expect(standIn.requests.length - asked).toBe(Math.floor(days.length / 1_000) + 1);
  const few = await provider(3).prices(requestOf({ from: "2026-04-07" }));
  expect(few.points.map(({ date }) => date)).toEqual(["2026-04-07", "2026-04-08", "2026-04-09", "2026-04-10"]);
});

it("pence are converted to pounds, and the current day is left out", async () => {
  const { currency, points } = await provider().prices(requestOf({ symbol: "SMPK.L", from: "2026-04-09" }));
  const bar = sampleBars(SAMPLE_ETFS[2]!, NOW).find(({ date }) => date === "2026-04-09")!;
  expect(currency).toBe("GBP");
  expect(Number(points[0]!.close)).toBeCloseTo(Number(bar.close) / 100, 10);
  const america = await provider().prices(requestOf({ symbol: "SMPA", from: "2026-04-09" }));
  expect(america.points.map(({ date }) => date)).toEqual(["2026-04-09"]);
});

it.each<[TwelveDataFault | Fault["kind"], string, RegExp, number?]>([
  ["no-credits", "rate_limited", /run out of API credits.*code "429"/, 40_000],
  ["bad-key", "auth", /apikey.*code "401"/],
  ["no-currency", "validation", /has no currency/],
  ["other-currency", "validation", /is in CHF, but the stored prices are in EUR/],
  ["wrong-symbol", "validation", /is about "SMPX", and SMPW was asked for/],
  ["wrong-exchange", "validation", /is of the exchange "XMEX", and XETR was asked for/],
  ["missing-values", "validation", /has no values/],
  ["empty-series", "validation", /has no price since 2026-03-02/],
  ["bad-price", "validation", /has "NaN" as close on 2026-04-09/],
  ["duplicate-date", "validation", /has 2026-04-09 twice/],
  ["future-date", "validation", /in the future/],
  ["not-json", "validation", /is no JSON/],
  ["cut-short", "transient", /is cut short or damaged/],
  ["429", "rate_limited", /429/, 7_000],
])("%s is refused as %s", async (kind, errorClass, words, wait) => {
  standIn.fail({ kind });
  const trouble = await providerErrorOf(() => provider().prices(requestOf({ currency: "EUR", from: "2026-03-02" })));
  expect(trouble.message).toMatch(words);
  expect(trouble.message).toMatch(/twelve-data.*SMPW/s);
  expect(trouble).toMatchObject({ errorClass, retryAfterMs: wait });
});

it("an unknown symbol and an unknown exchange are refused", async () => {
  expect(await messageOf(provider(), { symbol: "GONE.DE" })).toMatch(/for GONE\.DE is an error.*code "404"/);
  expect(await messageOf(provider(), { symbol: "ABC.XX" })).toMatch(/twelve-data was not called for ABC\.XX/);
});
