import { addDays, type CivilDate, civilDateIn, isCivilDate } from "#rules/civil-date.ts";
import { hasFinalPrice, type Listing, listingOf } from "#rules/portfolio/exchange.ts";
import type { PricePoint } from "#rules/portfolio/price-series.ts";
import { type EtfOptions, type EtfProvider, type PriceRequest, unsupportedRequest } from "./etf-provider.ts";
import { validatedSeries } from "./etf-response.ts";
import { outbound, type OutboundOptions } from "./outbound.ts";
import { pageOf } from "./twelve-data/time-series.ts";

const TWELVE_DATA_BASE_URL = "https://api.twelvedata.com/";

export interface TwelveDataOptions extends Pick<OutboundOptions, "timeoutMs" | "stallMs" | "resolve" | "policy"> {
  readonly baseUrl?: string;
  readonly key: string;
  readonly now?: () => Date;
  /** Maximum of days in one response. Default 5,000, the maximum of the service. */
  readonly pageSize?: number;
}

/**
 * Twelve Data, time_series: prices adjusted for splits and not for dividends. It reports limits and errors with status
 * 200 and a code in the body.
 */
export function twelveData({
  baseUrl = TWELVE_DATA_BASE_URL,
  key,
  now = () => new Date(),
  pageSize = 5_000,
  ...limits
}: TwelveDataOptions): EtfProvider {
  const provider = { name: "twelve-data", series: "raw" } as const;
  const headers = { authorization: `apikey ${key}` };
  const client = outbound({ provider: provider.name, baseUrl, headers, secrets: [key], ...limits });

  return {
    ...provider,

    async prices(request, { signal } = {}) {
      const listing = listingOf(request.symbol);
      if (!listing) throw unsupportedRequest(provider.name, request, "its exchange is unknown");
      const { ticker, exchange } = listing;
      const at = now();
      const today = civilDateIn(exchange.zone, at);
      const points: PricePoint[] = [];
      // Pages are newest first; a full page may lack older days.
      for (let end = today; ;) {
        const { text, context } = await ask(request, { listing, end, signal });
        const page = pageOf(text, context, { symbol: ticker, mic: exchange.twelveData, now: at });
        points.push(...page.points);
        const next = dayBefore(page.points.at(-1)?.date);
        const isLast = page.points.length < pageSize || next === undefined || next >= end;
        if (isLast || (request.from !== null && next < request.from)) {
          return validatedSeries(context, { ...page, points, today, isTodayFinal: hasFinalPrice(exchange, at) });
        }
        end = next;
      }
    },
  };

  async function ask(
    request: PriceRequest,
    { listing: { ticker, exchange }, end, signal }: { listing: Listing; end: CivilDate } & EtfOptions,
  ) {
    const query = new URLSearchParams({
      symbol: ticker,
      ...(exchange.twelveData && { mic_code: exchange.twelveData }),
      interval: "1day",
      adjust: "splits",
      outputsize: String(pageSize),
      ...(request.from && { start_date: request.from }),
      // The service excludes the end date.
      end_date: addDays(end, 1),
    });
    const response = await client.get(`time_series?${query.toString()}`, { accept: "application/json", signal });
    return { text: await response.text(), context: { provider, request, url: response.url, secrets: [key] } };
  }
}

function dayBefore(date: string | undefined): CivilDate | undefined {
  return date !== undefined && isCivilDate(date) ? addDays(date, -1) : undefined;
}
