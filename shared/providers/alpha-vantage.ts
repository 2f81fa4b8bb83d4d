import { addDays, civilDateIn } from "#rules/civil-date.ts";
import { listingOf } from "#rules/portfolio/exchange.ts";
import { seriesOfDaily } from "./alpha-vantage/daily.ts";
import { type EtfProvider, unsupportedRequest } from "./etf-provider.ts";
import { outbound, type OutboundOptions } from "./outbound.ts";

const ALPHA_VANTAGE_BASE_URL = "https://www.alphavantage.co/";

export interface AlphaVantageOptions extends Pick<OutboundOptions, "timeoutMs" | "stallMs" | "resolve" | "policy"> {
  readonly baseUrl?: string;
  readonly key: string;
  readonly now?: () => Date;
}

/** The compact response has 100 trading days, which cover at least this many calendar days. */
const DAYS_IN_COMPACT = 130;

/**
 * Alpha Vantage, TIME_SERIES_DAILY: prices without split adjustment, so a series with a split is refused. Its responses
 * have no currency, so it is called only for exchanges with a single one. It reports limits and errors with status 200.
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

    async prices(request, { signal } = {}) {
      const listing = listingOf(request.symbol);
      if (!listing?.exchange.currency || listing.exchange.alphaVantage === null) {
        throw unsupportedRequest(
          provider.name,
          request,
          "it has no prices of that exchange, or does not name their currency",
        );
      }
      const symbol = `${listing.ticker}${listing.exchange.alphaVantage}`;
      const at = now();
      const isShort =
        request.from !== null && request.from >= addDays(civilDateIn(listing.exchange.zone, at), -DAYS_IN_COMPACT);
      const query = new URLSearchParams({
        function: "TIME_SERIES_DAILY",
        symbol,
        outputsize: isShort ? "compact" : "full",
        apikey: key,
      });
      const response = await client.get(`query?${query.toString()}`, { accept: "application/json", signal });
      const context = { provider, request, url: response.url, secrets: [key] };
      return seriesOfDaily(await response.text(), context, { symbol, exchange: listing.exchange, now: at });
    },
  };
}
