import { addDays, type CivilDate, civilDateIn } from "#rules/civil-date.ts";
import { listingOf } from "#rules/portfolio/exchange.ts";
import { type EtfProvider, unsupportedRequest } from "./etf-provider.ts";
import { outbound, type OutboundOptions } from "./outbound.ts";
import { seriesOfCsv } from "./stooq/daily-csv.ts";

const STOOQ_BASE_URL = "https://stooq.com/";

export interface StooqOptions extends Pick<OutboundOptions, "timeoutMs" | "stallMs" | "resolve" | "policy"> {
  readonly baseUrl?: string;
  readonly key: string;
  readonly now?: () => Date;
}

/**
 * Stooq's CSV of daily prices, adjusted for splits and dividends. It has no currency, so it is called only for
 * exchanges with a single one. Some callers get a challenge page instead, which is an error here.
 */
export function stooq({ baseUrl = STOOQ_BASE_URL, key, now = () => new Date(), ...limits }: StooqOptions): EtfProvider {
  const provider = { name: "stooq", series: "adjusted" } as const;
  const client = outbound({ provider: provider.name, baseUrl, secrets: [key], ...limits });

  return {
    ...provider,

    async prices(request, { signal } = {}) {
      const listing = listingOf(request.symbol);
      if (!listing?.exchange.currency || listing.exchange.stooq === null) {
        throw unsupportedRequest(
          provider.name,
          request,
          "it has no prices of that exchange, or does not name their currency",
        );
      }
      const { ticker, exchange } = listing;
      const at = now();
      const query = new URLSearchParams({
        s: `${ticker}${exchange.stooq}`.toLowerCase(),
        i: "d",
        ...(request.from && { d1: compact(request.from), d2: compact(addDays(civilDateIn(exchange.zone, at), 1)) }),
        apikey: key,
      });
      const response = await client.get(`q/d/l/?${query.toString()}`, { accept: "text/csv", signal });
      const context = { provider, request, url: response.url, secrets: [key] };
      return seriesOfCsv(await response.text(), context, { exchange, now: at });
    },
  };
}

function compact(date: CivilDate): string {
  return date.replaceAll("-", "");
}
