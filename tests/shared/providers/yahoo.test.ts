import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type FakeYahoo, startFakeYahoo, type YahooFault } from "#local/providers/fake-yahoo.ts";
import type { Fault } from "#local/providers/fault-injection.ts";
import { SAMPLE_ETFS, sampleBars } from "#local/providers/sample-prices.ts";
import { yahoo } from "#providers/yahoo.ts";
import { seriesOfChart } from "#providers/yahoo/chart.ts";
import { sample } from "#support/sample-data.ts";
import { messageOf, requestOf } from "./price-request.ts";
import { providerErrorOf, scriptedServer } from "./scripted-server.ts";

/** A Friday, after the exchanges of Europe and before that of New York have closed. */
const FRIDAY = new Date("2026-04-10T17:00:00Z");

let now = FRIDAY;
let standIn: FakeYahoo;
beforeAll(async () => {
  standIn = await startFakeYahoo({ asOf: () => now });
});
afterEach(() => {
  standIn.recover();
  now = FRIDAY;
});
afterAll(() => standIn.close());

const provider = () => yahoo({ baseUrl: standIn.baseUrl, now: () => now, timeoutMs: 5_000 });

it("a series has every trading day once, with the facts about the ETF", async () => {
  const series = await provider().prices(requestOf());
  const days = sampleBars(SAMPLE_ETFS[0]!, FRIDAY).map(({ date }) => date);
  expect(series).toMatchObject({
    source: "yahoo",
    series: "raw",
    currency: "EUR",
    name: "Sample World Accumulating ETF",
    exchange: "XETRA",
  });
  expect(series.points.map(({ date }) => date)).toEqual(days);
  expect(days.at(-1)).toBe("2026-04-10");
});

it("a start day is included, and earlier days are left out", async () => {
  const series = await provider().prices(requestOf({ from: "2026-04-02" }));
  const dates = series.points.map(({ date }) => date);
  expect(dates).toEqual([
    "2026-04-02",
    "2026-04-03",
    "2026-04-06",
    "2026-04-07",
    "2026-04-08",
    "2026-04-09",
    "2026-04-10",
  ]);
});

it("every digit is kept, and each close has its adjusted close", async () => {
  const { points } = await provider().prices(requestOf({ symbol: "SMPA", from: "2025-11-24" }));
  const bar = sampleBars(SAMPLE_ETFS[4]!, FRIDAY).find(({ date }) => date === points[0]!.date)!;
  expect(points[0]!.close).toBe(String(Math.fround(Number(bar.close))));
  expect(points[0]!.adjustedClose).toBe(String(Math.fround(Number(bar.adjustedClose))));
  expect(Number(points[0]!.adjustedClose)).toBeLessThan(Number(points[0]!.close));
});

it("pence are converted to pounds, digit for digit", async () => {
  const { currency, points } = await provider().prices(requestOf({ symbol: "SMPK.L", from: "2026-04-09" }));
  const [bar] = sampleBars(SAMPLE_ETFS[2]!, FRIDAY).filter(({ date }) => date === "2026-04-09");
  const pence = String(Math.fround(Number(bar!.close)));
  expect(currency).toBe("GBP");
  expect(points[0]!.close.replace(".", "")).toBe(pence.replace(".", "").replace(/^0+/, ""));
  expect(Number(points[0]!.close)).toBeCloseTo(Number(pence) / 100, 10);
});

describe("the current day", () => {
  const dates = async (symbol: string) =>
    (await provider().prices(requestOf({ symbol, from: "2026-04-08" }))).points.map(({ date }) => date);

  it("is left out while the exchange is open, and included after the close", async () => {
    now = new Date("2026-04-10T19:59:00Z");
    expect(await dates("SMPA")).toEqual(["2026-04-08", "2026-04-09"]);
    expect(await dates("SMPW.DE")).toEqual(["2026-04-08", "2026-04-09", "2026-04-10"]);
    now = new Date("2026-04-10T20:30:00Z");
    expect(await dates("SMPA")).toEqual(["2026-04-08", "2026-04-09", "2026-04-10"]);
  });

  it("is not final in the minutes in which the closing auction settles", async () => {
    now = new Date("2026-04-10T20:10:00Z");
    expect(await dates("SMPA")).toEqual(["2026-04-08", "2026-04-09"]);
  });

  it("is that of the exchange: a morning in Berlin is an evening in New York", async () => {
    now = new Date("2026-04-11T01:00:00Z");
    expect(await dates("SMPA")).toEqual(["2026-04-08", "2026-04-09", "2026-04-10"]);
  });
});

it("a day without trading is left out", async () => {
  standIn.fail({ kind: "null-bar" });
  const { points } = await provider().prices(requestOf({ from: "2026-04-07" }));
  expect(points.map(({ date }) => date)).toEqual(["2026-04-07", "2026-04-08", "2026-04-10"]);
});

it.each<[YahooFault | Fault["kind"], string, RegExp]>([
  ["error-200", "validation", /is an error: "Internal Server Error" "the backend did not answer"/],
  ["no-timestamps", "validation", /has prices without timestamps/],
  ["short-column", "validation", /has \d+ timestamps and \d+ values of close/],
  ["null-close", "validation", /has no close on 2026-04-09, but other prices/],
  ["bad-price", "validation", /has "NaN" as close on 2026-04-09, expected a positive decimal/],
  ["duplicate-date", "validation", /has 2026-04-09 twice/],
  ["future-date", "validation", /has a price for 2100-01-04, which is in the future/],
  ["empty-series", "validation", /has no prices/],
  ["no-currency", "validation", /has no currency/],
  ["other-currency", "validation", /is in CHF, but the stored prices are in EUR/],
  ["unknown-currency", "validation", /has an unknown currency "ZZZ"/],
  ["wrong-symbol", "validation", /is about "SMPX.DE", and SMPW.DE was asked for/],
  ["no-zone", "validation", /has no time zone of the exchange, got "Europe\/Atlantis"/],
  ["weekly", "validation", /has bars of "1wk", expected "1d"/],
  ["not-json", "validation", /is no JSON/],
  ["cut-short", "transient", /is cut short or damaged/],
  ["empty", "transient", /is cut short or damaged/],
  ["truncated", "transient", /closed the connection before its answer was complete/],
  ["html", "transient", /answered with a web page/],
  ["404", "validation", /404 Not Found/],
  ["429", "rate_limited", /429 Too Many Requests.*asks to wait 7 s/],
  ["503", "transient", /503/],
])(
  "an answer that is %s is refused as %s, and the reason names provider, symbol and trouble",
  async (kind, errorClass, words) => {
    standIn.fail({ kind });
    const trouble = await providerErrorOf(() => provider().prices(requestOf({ currency: "EUR", from: "2026-03-02" })));
    expect(trouble.message).toMatch(words);
    expect(trouble.message).toMatch(/yahoo.*SMPW\.DE/s);
    expect(trouble.errorClass).toBe(errorClass);
  },
);

it("an unknown symbol is a validation error", async () => {
  expect(await messageOf(provider(), { symbol: "GONE.DE" })).toMatch(/404 Not Found.*GONE\.DE.*No data found/);
});

it("a redirect to another host and a name with an internal address are refused", async () => {
  standIn.fail({ kind: "redirect", location: "https://example.org/v8/finance/chart/SMPW.DE" });
  expect(await messageOf(provider())).toMatch(/example\.org is not one of its hosts/);
  const resolve = async () => [{ address: "10.0.0.7", family: 4 }];
  expect(await messageOf(yahoo({ resolve }))).toMatch(/resolves to 10\.0\.0\.7, which is not a public address/);
  const outside = await scriptedServer((_, response) => response.end("{}"));
  const redirected = yahoo({ resolve: async () => [{ address: "127.0.0.1", family: 4 }] });
  expect(await messageOf(redirected)).toMatch(/not a public address/);
  expect(outside.connections()).toBe(0);
});

describe("recorded responses", () => {
  const recorded = (name: string) => {
    const file = sample(`prices/yahoo/${name}.json`);
    if (file === undefined) return undefined;
    const text = readFileSync(file, "utf8");
    // Cut out, not parsed and written again: the numbers must stay the texts that they are.
    const body = text.slice(
      text.indexOf('"bodyJson":') + '"bodyJson":'.length,
      text.lastIndexOf("}", text.lastIndexOf("}") - 1),
    );
    const at = new Date((JSON.parse(text) as { response: { headers: { date: string } } }).response.headers.date);
    return (symbol: string) =>
      seriesOfChart(
        body,
        { provider: { name: "yahoo", series: "raw" }, request: requestOf({ symbol }), url: "recorded" },
        at,
      );
  };

  it.each([
    ["chart-QQQ-2020-01-01-to-2020-01-03", "QQQ", { currency: "USD" }, ["2020-01-02", "216.16000366210938"], 1],
    ["chart-OCDO.L-2020-01-01-to-2020-01-03", "OCDO.L", { currency: "GBP" }, ["2020-01-02", "12.595"], 1],
    ["chart-WSU.DE-2023-08-04-to-2023-08-09", "WSU.DE", { currency: "EUR" }, ["2023-08-08", "33.20000076293945"], 3],
    ["chart-AAPL-2020-08-31-to-2020-11-07", "AAPL", { name: "Apple Inc." }, ["2020-11-06", "118.69000244140625"], 49],
    [
      "historical-via-chart-NVDA-split-2021-02-01-to-2022-01-31.csv",
      "NVDA",
      {},
      ["2022-01-28", "22.84000015258789"],
      252,
    ],
    [
      "historical-via-chart-MSFT-dividends-2021-02-01-to-2022-01-31.csv",
      "MSFT",
      {},
      ["2022-01-28", "308.260009765625"],
      252,
    ],
  ])("%s is read", (name, symbol, facts, [date, close], count) => {
    const read = recorded(name);
    if (!read) return;
    const series = read(symbol);
    expect(series).toMatchObject(facts);
    expect(series.points).toHaveLength(count);
    expect(series.points.at(-1)).toMatchObject({ date, close });
  });

  it("bars without timestamps are refused", () => {
    const read = recorded("chart-notimestamp-quotes-length.fake");
    if (read) expect(() => read("AAPL")).toThrow("has prices without timestamps");
  });
});
