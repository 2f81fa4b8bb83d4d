import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mulberry32 } from "#local/providers/mulberry32.ts";
import { judgeSeries, type SeriesContext, type SeriesValue } from "#rules/portfolio/plausibility.ts";
import { ETF_CLOSES, limitsOfRate } from "#rules/portfolio/plausibility-limits.ts";
import { sample } from "#support/sample-data.ts";

/** One real series of the sample data. */
interface Sample {
  readonly name: string;
  readonly context: SeriesContext;
  readonly points: readonly SeriesValue[];
}

const folder = sample("fx");

/*
 * The rules on all sample data: 41 currencies of the ECB since 1999, eleven years of SPY, recorded answers of Yahoo.
 * Prints what each holds back, and how many planted faults it finds. docs/portfolio.md has the tables.
 */
describe.skipIf(!folder)("the plausibility rules on the sample data", async () => {
  const samples = folder ? [...(await rateSamples()), ...(await priceSamples())] : [];

  it("hold back no real value for longer than its confirmation takes", () => {
    const rows = samples.flatMap(({ name, context, points }) =>
      judgeSeries(points, context).flatMap((verdict, index) => {
        if (!verdict.isHeld && verdict.confirmation === null) return [];
        const days = verdict.isHeld ? "for good" : `${waitOf(points, index, context)} d`;
        const { date, value } = points[index]!;
        return [{ series: name, date, before: points[index - 1]?.value ?? "", value, held: days }];
      }),
    );
    const values = samples.reduce((sum, { points }) => sum + points.length, 0);
    console.log(`${values} values of ${samples.length} series: ${rows.length} wait for a confirmation`);
    console.table(rows);
    expect(rows.filter(({ held }) => held === "for good")).toEqual([]);
    expect(rows.length).toBeLessThan(15);
  });

  it("find nearly all planted faults, among the days of a history and on the newest day", () => {
    const random = mulberry32(7);
    const pick = (below: number) => Math.floor(random() * below);
    const rows = FAULTS.map(({ fault, plant }) => {
      const found = { history: 0, newest: 0 };
      let planted = 0;
      for (let round = 0; round < 40; round += 1) {
        for (const one of samples.filter(({ points }) => points.length > 100)) {
          const at = 70 + pick(one.points.length - 80);
          const other = otherOf(samples, one, pick);
          const value = plant(one.points[at]!, other);
          if (value === undefined) continue;
          planted += 1;
          const context = {
            ...one.context,
            sameAs: (point: SeriesValue) => (isOf(other, point) ? other.name : undefined),
          };
          const faulty = one.points.slice(at - 70, at + 10).map((point, i) => (i === 70 ? { ...point, value } : point));
          if (judgeSeries(faulty, context)[70]!.isHeld) found.history += 1;
          if (judgeSeries(faulty.slice(0, 71), context)[70]!.isHeld) found.newest += 1;
        }
      }
      const percent = (count: number) => `${((100 * count) / planted).toFixed(1)} %`;
      return { fault, planted, "in a history": percent(found.history), "on the newest day": percent(found.newest) };
    });
    console.table(rows);
    for (const row of rows) {
      const isUnit = !/series|ETF/.test(row.fault);
      expect(parseFloat(row["in a history"]), row.fault).toBeGreaterThanOrEqual(isUnit ? 100 : 95);
      expect(parseFloat(row["on the newest day"]), row.fault).toBeGreaterThanOrEqual(isUnit ? 100 : 95);
    }
  });
});

/** Each gives the wrong value of a day; undefined where the fault changes nothing. */
const FAULTS: readonly { fault: string; plant: (point: SeriesValue, other: Sample) => string | undefined }[] = [
  { fault: "× 100", plant: ({ value }) => String(Number(value) * 100) },
  { fault: "÷ 100", plant: ({ value }) => String(Number(value) / 100) },
  { fault: "× 10", plant: ({ value }) => String(Number(value) * 10) },
  { fault: "÷ 10", plant: ({ value }) => String(Number(value) / 10) },
  { fault: "decimal shift by 3", plant: ({ value }) => String(Number(value) * 1_000) },
  { fault: "decimal shift by −3", plant: ({ value }) => String(Number(value) / 1_000) },
  { fault: "zero", plant: () => "0" },
  { fault: "negative", plant: ({ value }) => `-${value}` },
  { fault: "swapped series", plant: ({ date }, { points }) => points.find((point) => point.date === date)?.value },
  {
    fault: "yesterday's price of another ETF",
    plant: ({ date }, { points }) => points[points.findIndex((point) => point.date === date) - 1]?.value,
  },
];

/** Days until a day that waits is accepted. */
function waitOf(points: readonly SeriesValue[], index: number, context: SeriesContext): number {
  const from = Math.max(0, index - 100);
  for (let days = 0; days < 30; days += 1) {
    if (!judgeSeries(points.slice(from, index + days + 1), context)[index - from]!.isHeld) return days;
  }
  return Infinity;
}

function otherOf(samples: readonly Sample[], { name }: Sample, pick: (below: number) => number): Sample {
  const others = samples.filter((other) => other.name !== name && other.points.length > 100);
  return others[pick(others.length)]!;
}

function isOf({ points }: Sample, { date, value }: SeriesValue): boolean {
  const at = points.findIndex((point) => point.date === date);
  return at >= 0 && (points[at]!.value === value || points[at - 1]?.value === value);
}

async function rateSamples(): Promise<Sample[]> {
  const text = await readFile(join(sample("fx")!, "eurofxref-hist-1999-2026-04-13.csv"), "utf8");
  const [header, ...rows] = text
    .trim()
    .split("\n")
    .map((line) => line.split(","));
  return header!.flatMap((quote, column) => {
    if (column === 0 || quote.trim() === "") return [];
    const published = rows.filter((row) => /^[\d.]+$/.test(row[column]!));
    const points = published.map((row) => ({ date: row[0]!, value: row[column]! })).reverse();
    return [{ name: quote, context: { limits: limitsOfRate(quote), what: "rate" }, points }];
  });
}

async function priceSamples(): Promise<Sample[]> {
  const prices = sample("prices")!;
  const context = { limits: ETF_CLOSES, what: "close" };
  const lines = (await readFile(join(prices, "stooq-spy_us_d.csv"), "utf8")).trim().split(/\r?\n/).slice(1);
  const spy = lines.map((line) => line.split(",")).map((cells) => ({ date: cells[0]!, value: cells[4]! }));
  const charts = [
    "chart-AAPL-2020-08-31-to-2020-11-07",
    "historical-via-chart-MSFT-dividends-2021-02-01-to-2022-01-31.csv",
    "historical-via-chart-NVDA-split-2021-02-01-to-2022-01-31.csv",
  ];
  const yahoo = charts.map(async (name) => {
    const recorded = JSON.parse(await readFile(join(prices, "yahoo", `${name}.json`), "utf8")) as Recorded;
    const { chart } = recorded.response.bodyJson;
    const { meta, timestamp, indicators } = chart.result[0]!;
    const points = timestamp.map((seconds, index) => ({
      date: new Date(seconds * 1_000).toISOString().slice(0, 10),
      value: String(indicators.quote[0]!.close[index]),
    }));
    return { name: meta.symbol, context, points };
  });
  return [{ name: "SPY", context, points: spy }, ...(await Promise.all(yahoo))];
}

interface Recorded {
  readonly response: { readonly bodyJson: Chart };
}

interface Chart {
  readonly chart: {
    readonly result: readonly {
      readonly meta: { readonly symbol: string };
      readonly timestamp: readonly number[];
      readonly indicators: { readonly quote: readonly { readonly close: readonly number[] }[] };
    }[];
  };
}
