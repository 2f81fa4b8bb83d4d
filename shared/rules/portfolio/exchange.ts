import { wallTimeIn } from "../civil-date.ts";

/** An exchange by the ending that Yahoo's symbols have for it, and what the others call it; null where they do not have it. */
export interface Exchange {
  readonly zone: string;
  /** Wall time from which the day's last price stands: the closing auction's, and a while for it to be published. */
  readonly finalAt: string;
  /** The one currency that all ETFs are quoted in there; null where it differs, or pence stand beside pounds. */
  readonly currency: string | null;
  readonly alphaVantage: string | null;
  /** ISO 10383 code; null for its default, the United States. */
  readonly twelveData: string | null;
  readonly stooq: string | null;
}

export interface Listing {
  readonly ticker: string;
  readonly exchange: Exchange;
}

/** A symbol as Yahoo writes it (`VWCE.DE`) in its two parts; undefined for an exchange that is not in the table. */
export function listingOf(symbol: string): Listing | undefined {
  const dot = symbol.indexOf(".");
  const [ticker, ending] = dot < 0 ? [symbol, ""] : [symbol.slice(0, dot), symbol.slice(dot)];
  const exchange = EXCHANGES[ending];
  return exchange && { ticker, exchange };
}

/** Whether the trading day that is under way on the exchange's clocks has its last price. */
export function hasFinalPrice({ zone, finalAt }: Exchange, now: Date): boolean {
  return wallTimeIn(zone, now) >= finalAt;
}

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

/** An exchange of the continent that, besides Yahoo, Twelve Data alone has. */
function only(zone: string, mic: string): Exchange {
  return { zone, finalAt: "17:55", currency: null, alphaVantage: null, twelveData: mic, stooq: null };
}
