import { type FakeServer, startFakeServer } from "./fake-server.ts";
import type { Answer, Fault } from "./fault-injection.ts";
import { barsWithFault, type PriceFault, SPLIT_DAY } from "./price-faults.ts";
import { instantAt, SAMPLE_ETFS, sampleBars } from "./sample-prices.ts";
import { type Chart, yahooChart } from "./yahoo-format.ts";

/**
 * Besides the common price faults: an error body with status 200, bars without timestamps, fewer closes than
 * timestamps, a day without a close but with other prices, a day without any price, no or another currency, another
 * symbol, no zone, weekly bars, no JSON.
 */
export type YahooFault =
  | PriceFault
  | "error-200"
  | "no-timestamps"
  | "short-column"
  | "null-close"
  | "null-bar"
  | "no-currency"
  | "other-currency"
  | "unknown-currency"
  | "wrong-symbol"
  | "no-zone"
  | "weekly"
  | "not-json";

export interface FakeYahoo extends FakeServer<YahooFault> {
  /** What the Yahoo client takes as its base URL. */
  readonly baseUrl: string;
}

const FOLDER = "/v8/finance/chart";

/** A fake server of Yahoo's charts with the SAMPLE ETFs: `/v8/finance/chart/{symbol}?period1=&period2=&interval=1d`. */
export async function startFakeYahoo({
  port = 0,
  asOf = () => new Date(),
}: { port?: number; asOf?: () => Date } = {}): Promise<FakeYahoo> {
  const server = await startFakeServer<YahooFault>({
    port,
    errorBody: (status) => ({ ...failed(ERRORS[status] ?? "Internal Server Error", "something went wrong"), status }),
    answer: (url, fault) => answerTo(url, asOf(), fault),
  });
  return { ...server, baseUrl: `${server.origin}${FOLDER}` };
}

const ERRORS: Readonly<Record<number, string>> = { 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests" };

function answerTo(url: URL, asOf: Date, fault: Fault<YahooFault> | undefined): Answer {
  const symbol = decodeURIComponent(url.pathname.slice(FOLDER.length + 1));
  const etf = SAMPLE_ETFS.find((sample) => sample.symbol === symbol);
  if (!etf) return { ...failed("Not Found", "No data found, symbol may be delisted"), status: 404 };
  const [from, to] = [Number(url.searchParams.get("period1")), Number(url.searchParams.get("period2"))];
  if (!(from < to)) {
    const words = "Invalid input - start date cannot be after end date";
    return { ...failed("Bad Request", words), status: 422 };
  }
  const bars = sampleBars(etf, asOf).filter(({ date }) => {
    const at = instantAt(etf.venue.zone, date, etf.venue.opens).getTime() / 1000;
    return from <= at && at < to;
  });
  if (fault?.kind === "error-200") return failed("Internal Server Error", "the backend did not answer");
  if (fault?.kind === "not-json") return { type: "application/json", body: "Edge: Too Many Requests" };
  const isSplit = fault?.kind === "split-late" || fault?.kind === "split-adjusted";
  const shown = isSplit ? { ...etf, split: { date: SPLIT_DAY, ratio: 10 } } : etf;
  const chart = withFault(yahooChart(shown, barsWithFault(bars, fault?.kind), asOf), fault?.kind);
  return { type: "application/json;charset=utf-8", body: JSON.stringify({ chart: { result: [chart], error: null } }) };
}

function withFault(chart: Chart, kind: string | undefined): Chart {
  const { meta, indicators } = chart;
  const [quote] = indicators.quote;
  switch (kind as YahooFault | undefined) {
    case "no-timestamps":
      delete chart.timestamp;
      break;
    case "short-column":
      quote!.close!.pop();
      break;
    case "null-close":
      quote!.close![quote!.close!.length - 2] = null;
      break;
    case "null-bar":
      for (const name of ["open", "high", "low", "close", "volume"]) quote![name]![quote![name]!.length - 2] = null;
      break;
    case "no-currency":
      meta.currency = null;
      break;
    case "other-currency":
      meta.currency = "CHF";
      break;
    case "unknown-currency":
      meta.currency = "ZZZ";
      break;
    case "wrong-symbol":
      meta.symbol = "SMPX.DE";
      break;
    case "no-zone":
      meta.exchangeTimezoneName = "Europe/Atlantis";
      break;
    case "weekly":
      meta.dataGranularity = "1wk";
  }
  return chart;
}

function failed(code: string, description: string): Answer {
  return { type: "application/json", body: JSON.stringify({ chart: { result: null, error: { code, description } } }) };
}
