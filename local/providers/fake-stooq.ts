import { type FakeServer, startFakeServer } from "./fake-server.ts";
import type { Answer, Fault } from "./fault-injection.ts";
import { barsWithFault, type PriceFault } from "./price-faults.ts";
import { SAMPLE_ETFS, sampleBars, type SampleEtf } from "./sample-prices.ts";

/**
 * Besides the common price faults: messages with status 200 (no data, too many hits), other columns, a line without a
 * cell.
 */
export type StooqFault = PriceFault | "no-data" | "quota" | "wrong-columns" | "short-line";

export interface FakeStooq extends FakeServer<StooqFault> {
  readonly baseUrl: string;
}

const SUFFIX: Readonly<Record<string, string>> = { XETR: ".de", XLON: ".uk", ARCX: ".us" };

/**
 * A fake server of Stooq's daily prices (CSV) with the SAMPLE ETFs, adjusted for dividends:
 * `/q/d/l/?s=&i=d&d1=&d2=&apikey=`.
 */
export async function startFakeStooq({
  port = 0,
  asOf = () => new Date(),
}: { port?: number; asOf?: () => Date } = {}): Promise<FakeStooq> {
  const server = await startFakeServer<StooqFault>({
    port,
    errorBody: (status) => ({ type: "text/html", body: `<html><body><h1>${status}</h1></body></html>` }),
    answer: (url, fault) => answerTo(url, asOf(), fault),
  });
  return { ...server, baseUrl: server.origin };
}

function answerTo({ pathname, searchParams }: URL, asOf: Date, fault: Fault<StooqFault> | undefined): Answer {
  if (pathname !== "/q/d/l/") return { status: 404, type: "text/html", body: "<html><body>404</body></html>" };
  // Without a key Stooq shows a page that explains how to get one.
  if (!searchParams.get("apikey"))
    return { type: "text/html", body: "<!DOCTYPE html><html><body>Get your apikey</body></html>" };
  if (fault?.kind === "quota") return sentence("Exceeded the daily hits limit");
  const etf = SAMPLE_ETFS.find((sample) => symbolOf(sample) === searchParams.get("s"));
  if (!etf || fault?.kind === "no-data") return sentence("No data");
  const [from, to] = [searchParams.get("d1") ?? "", searchParams.get("d2") ?? "9"];
  const bars = barsWithFault(sampleBars(etf, asOf), fault?.kind).filter(({ date }) => {
    const day = date.replaceAll("-", "");
    return day >= from && (day <= to || fault?.kind === "future-date");
  });
  const lines = bars.map(({ date, open, high, low, close, adjustedClose, volume }) => {
    // An invalid close of an injected fault is passed on unchanged.
    const factor = Number(close) > 0 ? Number(adjustedClose) / Number(close) : 0;
    const adjusted = [open, high, low].map((price) => (factor > 0 ? (Number(price) * factor).toFixed(3) : price));
    const last = factor > 0 ? adjustedClose : close;
    return [date, ...adjusted, last, ...(fault?.kind === "short-line" ? [] : [volume])].join(",");
  });
  const columns = fault?.kind === "wrong-columns" ? "Data,Otwarcie" : "Date,Open,High,Low,Close,Volume";
  return { type: "text/csv", body: [columns, ...lines, ""].join("\r\n") };
}

function sentence(body: string): Answer {
  return { type: "text/plain", body };
}

function symbolOf({ symbol, venue }: SampleEtf): string {
  return `${symbol.split(".")[0] ?? ""}${SUFFIX[venue.mic] ?? ""}`.toLowerCase();
}
