import { type FakeServer, startFakeServer } from "./fake-server.ts";
import type { Answer, Fault } from "./fault-injection.ts";
import { barsWithFault, type PriceFault } from "./price-faults.ts";
import { dateIn, SAMPLE_ETFS, type SampleBar, sampleBars, type SampleEtf } from "./sample-prices.ts";

/**
 * Besides the common price faults: notices with status 200 (daily limit, burst limit, minute limit, premium endpoint),
 * another symbol, no series, no JSON.
 */
export type AlphaVantageFault =
  PriceFault | "day-limit" | "burst" | "minute-limit" | "premium" | "wrong-symbol" | "missing-series" | "not-json";

export interface FakeAlphaVantage extends FakeServer<AlphaVantageFault> {
  readonly baseUrl: string;
}

const SUFFIX: Readonly<Record<string, string>> = { XETR: ".DEX", XLON: ".LON", ARCX: "" };

/** A fake server of Alpha Vantage's TIME_SERIES_DAILY with the SAMPLE ETFs, not adjusted for splits. */
export async function startFakeAlphaVantage({
  port = 0,
  asOf = () => new Date(),
}: { port?: number; asOf?: () => Date } = {}): Promise<FakeAlphaVantage> {
  const server = await startFakeServer<AlphaVantageFault>({
    port,
    errorBody: () => json({ message: "Service Unavailable" }),
    answer: (url, fault) => answerTo(url, asOf(), fault),
  });
  return { ...server, baseUrl: server.origin };
}

function answerTo({ pathname, searchParams }: URL, asOf: Date, fault: Fault<AlphaVantageFault> | undefined): Answer {
  const key = searchParams.get("apikey");
  if (pathname !== "/query") return { status: 404, type: "text/plain", body: "Not Found" };
  if (!key) return json({ "Error Message": "the parameter apikey is invalid or missing." });
  const notice = noticeOf(fault?.kind, key);
  if (notice) return json(notice);
  const asked = searchParams.get("symbol");
  const etf = SAMPLE_ETFS.find((sample) => symbolOf(sample) === asked);
  if (!etf || searchParams.get("function") !== "TIME_SERIES_DAILY") {
    return json({
      "Error Message": "Invalid API call. Please retry or visit the documentation for TIME_SERIES_DAILY.",
    });
  }
  if (fault?.kind === "not-json") return { type: "application/json", body: "upstream connect error" };
  const isFull = searchParams.get("outputsize") === "full";
  const bars = barsWithFault(sampleBars(etf, asOf).slice(isFull ? 0 : -100), fault?.kind);
  // JSON objects have unique names, so this format cannot contain a day twice.
  const series = Object.fromEntries(bars.reverse().map((bar) => [bar.date, dayOf(etf, bar)]));
  return json({
    "Meta Data": {
      "1. Information": "Daily Prices (open, high, low, close) and Volumes",
      "2. Symbol": fault?.kind === "wrong-symbol" ? "SMPX.DEX" : asked,
      "3. Last Refreshed": dateIn(etf.venue.zone, asOf),
      "4. Output Size": isFull ? "Full size" : "Compact",
      "5. Time Zone": "US/Eastern",
    },
    ...(fault?.kind !== "missing-series" && { "Time Series (Daily)": series }),
  });
}

function dayOf({ split }: SampleEtf, { date, open, high, low, close, volume }: SampleBar) {
  const asTraded = (price: string | null) => {
    const times = split && date < split.date ? split.ratio : 1;
    return price === null || Number.isNaN(Number(price)) ? price : (Number(price) * times).toFixed(4);
  };
  return {
    "1. open": asTraded(open),
    "2. high": asTraded(high),
    "3. low": asTraded(low),
    "4. close": asTraded(close),
    "5. volume": String(volume),
  };
}

function noticeOf(kind: string | undefined, key: string): Record<string, string> | undefined {
  const thanks = "Thank you for using Alpha Vantage!";
  switch (kind as AlphaVantageFault | undefined) {
    case "day-limit":
      return {
        Information: `${thanks} We have detected your API key as ${key} and our standard API rate limit is 25 requests per day. Please subscribe to any of the premium plans to instantly remove all daily rate limits.`,
      };
    case "burst":
      return {
        Information: `${thanks} Our standard API rate limit is 25 requests per day. Burst pattern detected: 5 requests per second allowed.`,
      };
    case "minute-limit":
      return { Note: `${thanks} Our standard API call frequency is 5 calls per minute and 500 calls per day.` };
    case "premium":
      return { Information: `${thanks} This is a premium endpoint. Please subscribe to a premium membership plan.` };
    default:
      return undefined;
  }
}

function symbolOf({ symbol, venue }: SampleEtf): string {
  return `${symbol.split(".")[0] ?? ""}${SUFFIX[venue.mic] ?? ""}`;
}

function json(body: unknown): Answer {
  return { type: "application/json", body: JSON.stringify(body, null, 4) };
}
