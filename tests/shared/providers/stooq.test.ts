import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type FakeStooq, startFakeStooq, type StooqFault } from "#local/providers/fake-stooq.ts";
import type { Fault } from "#local/providers/fault-injection.ts";
import { SAMPLE_ETFS, sampleBars } from "#local/providers/sample-prices.ts";
import { stooq } from "#providers/stooq.ts";
import { seriesOfCsv } from "#providers/stooq/daily-csv.ts";
import { listingOf } from "#rules/portfolio/exchange.ts";
import { sample } from "#support/sample-data.ts";
import { messageOf, requestOf } from "./price-request.ts";
import { providerErrorOf } from "./scripted-server.ts";

const NOW = new Date("2026-04-10T17:00:00Z");

let standIn: FakeStooq;
beforeAll(async () => {
  standIn = await startFakeStooq({ asOf: () => NOW });
});
afterEach(() => {
  standIn.recover();
});
afterAll(() => standIn.close());

const provider = (key = "a-key") => stooq({ baseUrl: standIn.baseUrl, key, now: () => NOW, timeoutMs: 5_000 });

it("a series is adjusted, its closes and its adjusted closes are the same", async () => {
  const { points, ...facts } = await provider().prices(requestOf({ symbol: "SMPE.DE" }));
  expect(facts).toMatchObject({ source: "stooq", series: "adjusted", currency: "EUR", name: null });
  const bars = sampleBars(SAMPLE_ETFS[1]!, NOW);
  expect(points).toHaveLength(bars.length);
  expect(points[0]).toMatchObject({ close: bars[0]!.adjustedClose, adjustedClose: bars[0]!.adjustedClose });
  expect(Number(points[0]!.close)).toBeLessThan(Number(bars[0]!.close));
  const short = await provider().prices(requestOf({ from: "2026-04-08" }));
  expect(standIn.requests.at(-1)).toMatch(/s=smpw\.de&i=d&d1=20260408&d2=20260411/);
  expect(short.points.map(({ date }) => date)).toEqual(["2026-04-08", "2026-04-09", "2026-04-10"]);
});

it("it is not called for London: its responses do not distinguish pence and pounds", async () => {
  expect(await messageOf(provider(), { symbol: "SMPK.L" })).toMatch(/stooq was not called for SMPK\.L/);
});

it.each<[StooqFault | Fault["kind"], string, RegExp, number?]>([
  ["quota", "rate_limited", /is a notice: "Exceeded the daily hits limit"/, 3_600_000],
  ["no-data", "validation", /is a notice: "No data"/],
  ["html", "transient", /answered with a web page where text\/csv was expected/],
  ["wrong-columns", "validation", /does not begin with Date,Open,High,Low,Close, got "Data,Otwarcie"/],
  ["short-line", "validation", /has 5 cells in line 2, expected 6/],
  ["empty-series", "validation", /has no price since/],
  ["bad-price", "validation", /has "NaN" as close/],
  ["duplicate-date", "validation", /has 2026-04-09 twice/],
  ["future-date", "validation", /in the future/],
  ["cut-short", "transient", /ends in the middle of a line/],
  ["empty", "transient", /is empty/],
])("%s is refused as %s", async (kind, errorClass, words, wait) => {
  standIn.fail({ kind });
  const trouble = await providerErrorOf(() => provider().prices(requestOf({ from: "2026-03-02" })));
  expect(trouble.message).toMatch(words);
  expect(trouble.message).toMatch(/stooq.*smpw\.de/is);
  expect(trouble).toMatchObject({ errorClass, retryAfterMs: wait });
});

it("a web page, which it sends without a key, is an error", async () => {
  expect(await messageOf(provider(""))).toMatch(/answered with a web page/);
});

it("a recorded file is read", () => {
  const file = sample("prices/stooq-spy_us_d.csv");
  if (!file) return;
  const answer = {
    provider: { name: "stooq", series: "adjusted" },
    request: requestOf({ symbol: "SPY" }),
    url: "u",
  } as const;
  const series = seriesOfCsv(readFileSync(file, "utf8"), answer, {
    exchange: listingOf("SPY")!.exchange,
    now: new Date("2026-04-17T22:00:00Z"),
  });
  expect(series.points).toHaveLength(2_839);
  expect(series.points.at(-1)).toMatchObject({ date: "2026-04-17", close: "710.14", volume: "70661926" });
});
