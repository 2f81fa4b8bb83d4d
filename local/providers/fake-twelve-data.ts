import { type FakeServer, startFakeServer } from "./fake-server.ts";
import type { Answer, Fault } from "./fault-injection.ts";
import { barsWithFault, type PriceFault } from "./price-faults.ts";
import { SAMPLE_ETFS, sampleBars } from "./sample-prices.ts";

/**
 * Besides the common price faults: errors with status 200 (no credits left in this minute, an unknown key), no or
 * another currency, another symbol or exchange, no values, no JSON.
 */
export type TwelveDataFault =
  | PriceFault
  | "no-credits"
  | "bad-key"
  | "no-currency"
  | "other-currency"
  | "wrong-symbol"
  | "wrong-exchange"
  | "missing-values"
  | "not-json";

export interface FakeTwelveData extends FakeServer<TwelveDataFault> {
  readonly baseUrl: string;
}

/** A fake server of Twelve Data's time_series with the SAMPLE ETFs, newest first, adjusted for splits. */
export async function startFakeTwelveData({
  port = 0,
  asOf = () => new Date(),
}: { port?: number; asOf?: () => Date } = {}): Promise<FakeTwelveData> {
  const server = await startFakeServer<TwelveDataFault>({
    port,
    errorBody: (status) => failed(status, "something went wrong"),
    answer: (url, fault, { headers }) => answerTo(url, asOf(), { fault, authorization: headers.authorization ?? "" }),
  });
  return { ...server, baseUrl: server.origin };
}

function answerTo(
  { pathname, searchParams }: URL,
  asOf: Date,
  { fault, authorization }: { fault: Fault<TwelveDataFault> | undefined; authorization: string },
): Answer {
  if (pathname !== "/time_series") return { ...failed(404, "the path is unknown"), status: 404 };
  if (!/^apikey \S+$/.test(authorization) || fault?.kind === "bad-key") {
    return failed(401, "**apikey** parameter is incorrect or not specified.");
  }
  if (fault?.kind === "no-credits") {
    return failed(429, "You have run out of API credits for the current minute. Wait for the next minute.");
  }
  const [ticker, mic] = [searchParams.get("symbol"), searchParams.get("mic_code")];
  const etf = SAMPLE_ETFS.find(({ symbol, venue }) => symbol.split(".")[0] === ticker && (!mic || venue.mic === mic));
  if (!etf) return failed(404, "**symbol** or **figi** parameter is missing or invalid.");
  if (fault?.kind === "not-json") return { type: "application/json", body: "Bad Gateway" };
  const [start, end] = [searchParams.get("start_date") ?? "", searchParams.get("end_date") ?? "9999"];
  const bars = barsWithFault(sampleBars(etf, asOf), fault?.kind).filter(
    ({ date }) => date >= start && (date < end || fault?.kind === "future-date"),
  );
  const newestFirst = bars.reverse().slice(0, Number(searchParams.get("outputsize") ?? "30"));
  const values = newestFirst.map(({ date, open, high, low, close, volume }) => ({
    datetime: date,
    open,
    high,
    low,
    close,
    volume: String(volume),
  }));
  const currency = fault?.kind === "other-currency" ? "CHF" : etf.currency;
  return json({
    meta: {
      symbol: fault?.kind === "wrong-symbol" ? "SMPX" : ticker,
      interval: "1day",
      ...(fault?.kind !== "no-currency" && { currency }),
      exchange_timezone: etf.venue.zone,
      exchange: etf.venue.name,
      mic_code: fault?.kind === "wrong-exchange" ? "XMEX" : etf.venue.mic,
      type: "ETF",
    },
    ...(fault?.kind !== "missing-values" && { values }),
    status: "ok",
  });
}

function failed(code: number, message: string): Answer {
  return json({ code, message, status: "error" });
}

function json(body: unknown): Answer {
  return { type: "application/json", body: JSON.stringify(body), headers: { "api-credits-left": "7" } };
}
