import { wallTimeIn } from "../civil-date.ts";

/** An exchange and its name at each provider; null when the provider does not have it. */
export interface Exchange {
  readonly zone: string;
  /** Local time from which the day's last price is final: after the closing auction and its publication. */
  readonly finalAt: string;
  /** The currency of all its ETFs; null when it has several, or quotes in both pounds and pence. */
  readonly currency: string | null;
  readonly alphaVantage: string | null;
  /** ISO 10383 code; null for the default of the provider, the United States. */
  readonly twelveData: string | null;
  readonly stooq: string | null;
}

export interface Listing {
  readonly ticker: string;
  readonly exchange: Exchange;
}

/** The ticker and the exchange of a symbol in Yahoo's spelling (`VWCE.DE`); undefined for an unknown exchange. */
export function listingOf(symbol: string): Listing | undefined {
  const dot = symbol.indexOf(".");
  const [ticker, suffix] = dot < 0 ? [symbol, ""] : [symbol.slice(0, dot), symbol.slice(dot)];
  const exchange = EXCHANGES[suffix];
  return exchange && { ticker, exchange };
}

/** Whether the current trading day of the exchange has its final price. */
export function hasFinalPrice({ zone, finalAt }: Exchange, now: Date): boolean {
  return wallTimeIn(zone, now) >= finalAt;
}

/** By the suffix of Yahoo's symbols. */
const EXCHANGES: Readonly<Record<string, Exchange>> = {
  "": { zone: "America/New_York", finalAt: "16:20", currency: "USD", alphaVantage: "", twelveData: null, stooq: ".us" },
  ".DE": {
    zone: "Europe/Berlin",
    finalAt: "17:50",
    currency: "EUR",
    alphaVantage: ".DEX",
    twelveData: "XETR",
    stooq: ".de",
  },
  ".L": {
    zone: "Europe/London",
    finalAt: "16:50",
    currency: null,
    alphaVantage: null,
    twelveData: "XLON",
    stooq: null,
  },
  ".PA": only("Europe/Paris", "XPAR"),
  ".AS": only("Europe/Amsterdam", "XAMS"),
  ".MI": only("Europe/Rome", "XMIL"),
  ".SW": only("Europe/Zurich", "XSWX"),
};

/** An exchange that only Yahoo and Twelve Data have. */
function only(zone: string, mic: string): Exchange {
  return { zone, finalAt: "17:55", currency: null, alphaVantage: null, twelveData: mic, stooq: null };
}
