import { addDays, civilDateIn } from "#rules/civil-date.ts";
import { listingOf } from "#rules/portfolio/exchange.ts";
import { seriesOfDaily } from "./alpha-vantage/daily.ts";
import { type EtfProvider, notAsked } from "./etf-provider.ts";
import { outbound, type OutboundOptions } from "./outbound.ts";

const ALPHA_VANTAGE_BASE_URL = "https://www.alphavantage.co/";

export interface AlphaVantageOptions extends Pick<OutboundOptions, "timeoutMs" | "stallMs" | "resolve"> {
  readonly baseUrl?: string;
  readonly key: string;
  readonly now?: () => Date;
}

/** The short answer has 100 trading days, which are at least as many calendar days as this. */
const DAYS_IN_COMPACT = 130;

/**
 * Alpha Vantage, TIME_SERIES_DAILY: prices as they were traded, so a series with a split in it is refused. Its answers name no
 * currency, so it is asked only about exchanges that have one. Reports limits and errors with status 200.
 */
export function alphaVantage({
  baseUrl = ALPHA_VANTAGE_BASE_URL,
  key,
  now = () => new Date(),
  ...limits
}: AlphaVantageOptions): EtfProvider {
  const provider = { name: "alpha-vantage", series: "raw" } as const;
  const client = outbound({ provider: provider.name, baseUrl, secrets: [key], ...limits });

  return {
    ...provider,

    async prices(question, { signal } = {}) {
      const listing = listingOf(question.symbol);
      if (!listing?.exchange.currency || listing.exchange.alphaVantage === null) {
        throw notAsked(provider.name, question, "it has no prices of that exchange, or does not say in which currency");
      }
      const symbol = `${listing.ticker}${listing.exchange.alphaVantage}`;
      const at = now();
      const isShort =
        question.from !== null && question.from >= addDays(civilDateIn(listing.exchange.zone, at), -DAYS_IN_COMPACT);
      const query = new URLSearchParams({
        function: "TIME_SERIES_DAILY",
        symbol,
        outputsize: isShort ? "compact" : "full",
        apikey: key,
      });
      const reply = await client.get(`query?${query.toString()}`, { accept: "application/json", signal });
      const answer = { provider, question, url: reply.url, secrets: [key] };
      return seriesOfDaily(await reply.text(), answer, { symbol, exchange: listing.exchange, now: at });
    },
  };
}
