import { addDays, type CivilDate, civilDateIn } from "#rules/civil-date.ts";
import { listingOf } from "#rules/portfolio/exchange.ts";
import { type EtfProvider, notAsked } from "./etf-provider.ts";
import { outbound, type OutboundOptions } from "./outbound.ts";
import { seriesOfCsv } from "./stooq/daily-csv.ts";

const STOOQ_BASE_URL = "https://stooq.com/";

export interface StooqOptions extends Pick<OutboundOptions, "timeoutMs" | "stallMs" | "resolve"> {
  readonly baseUrl?: string;
  readonly key: string;
  readonly now?: () => Date;
}

/**
 * Stooq's CSV of daily prices, all of them adjusted for splits and dividends. It names no currency, so it is asked only about
 * exchanges that have one; to some callers it shows a page with a challenge instead, which is an error here.
 */
export function stooq({ baseUrl = STOOQ_BASE_URL, key, now = () => new Date(), ...limits }: StooqOptions): EtfProvider {
  const provider = { name: "stooq", series: "adjusted" } as const;
  const client = outbound({ provider: provider.name, baseUrl, secrets: [key], ...limits });

  return {
    ...provider,

    async prices(question, { signal } = {}) {
      const listing = listingOf(question.symbol);
      if (!listing?.exchange.currency || listing.exchange.stooq === null) {
        throw notAsked(provider.name, question, "it has no prices of that exchange, or does not say in which currency");
      }
      const { ticker, exchange } = listing;
      const at = now();
      const query = new URLSearchParams({
        s: `${ticker}${exchange.stooq}`.toLowerCase(),
        i: "d",
        ...(question.from && { d1: compact(question.from), d2: compact(addDays(civilDateIn(exchange.zone, at), 1)) }),
        apikey: key,
      });
      const reply = await client.get(`q/d/l/?${query.toString()}`, { accept: "text/csv", signal });
      const answer = { provider, question, url: reply.url, secrets: [key] };
      return seriesOfCsv(await reply.text(), answer, { exchange, now: at });
    },
  };
}

function compact(date: CivilDate): string {
  return date.replaceAll("-", "");
}
