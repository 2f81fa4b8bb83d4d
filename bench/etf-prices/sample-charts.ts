import { SAMPLE_ETFS, sampleBars, type SampleEtf } from "#local/providers/sample-prices.ts";
import { type Chart, yahooChart } from "#local/providers/yahoo-format.ts";

/** The newest day of the charts: a Friday, after the close. */
export const AS_OF = new Date("2026-04-10T20:30:00Z");
/** The number of distinct price walks, which all ETFs share, to avoid generating millions of numbers. */
const WALKS = 20;

/** Charts of the ETFs `E1.DE`, `E2.DE`, … over a number of trading days. */
export interface SampleCharts {
  /** The body of Yahoo's answer; undefined for an unknown ETF. */
  body(symbol: string): string | undefined;
  /** The same days as COPY rows of (date, open, high, low, close, adjusted_close, volume), with identical digits. */
  rows(symbol: string): readonly string[];
}

export function sampleCharts(days: number): SampleCharts {
  const walks = Array.from({ length: WALKS }, (_, n) =>
    walkOf({ ...SAMPLE_ETFS[0]!, symbol: SYMBOL, seed: n + 1 }, days),
  );
  const walk = (symbol: string) => {
    const [, number] = /^E([1-9]\d*)\.DE$/.exec(symbol) ?? [];
    return number === undefined ? undefined : walks[Number(number) % WALKS];
  };
  return {
    body: (symbol) => walk(symbol)?.body.replaceAll(SYMBOL, symbol),
    rows: (symbol) => walk(symbol)?.rows ?? [],
  };
}

const SYMBOL = "SYMBOL.DE";

function walkOf(etf: SampleEtf, days: number): { body: string; rows: string[] } {
  const bars = sampleBars(etf, AS_OF).slice(-days);
  if (bars.length < days) throw new RangeError(`--days: expected at most ${bars.length}, got ${days}`);
  const chart = yahooChart(etf, bars, AS_OF);
  return { body: JSON.stringify({ chart: { result: [chart], error: null } }), rows: rowsOf(chart, bars) };
}

function rowsOf({ indicators }: Chart, bars: readonly { readonly date: string }[]): string[] {
  const [quote, adjusted] = [indicators.quote[0]!, indicators.adjclose[0]!.adjclose!];
  return bars.map(({ date }, day) => {
    const prices = ["open", "high", "low", "close"].map((name) => quote[name]![day]);
    return [date, ...prices, adjusted[day], quote.volume![day]].join("\t");
  });
}
