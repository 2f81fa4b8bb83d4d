import { addDays, type CivilDate, civilDateIn, isCivilDate } from "#rules/civil-date.ts";
import { hasFinalPrice, type Listing, listingOf } from "#rules/portfolio/exchange.ts";
import type { PricePoint } from "#rules/portfolio/price-series.ts";
import { believed } from "./etf-answer.ts";
import { type EtfOptions, type EtfProvider, notAsked, type PriceQuestion } from "./etf-provider.ts";
import { outbound, type OutboundOptions } from "./outbound.ts";
import { pageOf } from "./twelve-data/time-series.ts";

const TWELVE_DATA_BASE_URL = "https://api.twelvedata.com/";

export interface TwelveDataOptions extends Pick<OutboundOptions, "timeoutMs" | "stallMs" | "resolve"> {
  readonly baseUrl?: string;
  readonly key: string;
  readonly now?: () => Date;
  /** Most days in one answer; the service gives 5,000 at most. */
  readonly pageSize?: number;
}

/** Twelve Data, time_series: adjusted for splits and not for dividends. Reports limits and errors with status 200 and a code in the body. */
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

    async prices(question, { signal } = {}) {
      const listing = listingOf(question.symbol);
      if (!listing) throw notAsked(provider.name, question, "which exchange that is, is not known");
      const { ticker, exchange } = listing;
      const at = now();
      const today = civilDateIn(exchange.zone, at);
      const points: PricePoint[] = [];
      // Newest first, and a full page may have been cut at its old end.
      for (let end = today; ;) {
        const { text, answer } = await ask(question, { listing, end, signal });
        const page = pageOf(text, answer, { symbol: ticker, mic: exchange.twelveData, now: at });
        points.push(...page.points);
        const next = dayBefore(page.points.at(-1)?.date);
        const isLast = page.points.length < pageSize || next === undefined || next >= end;
        if (isLast || (question.from !== null && next < question.from)) {
          return believed(answer, { ...page, points, today, isTodayFinal: hasFinalPrice(exchange, at) });
        }
        end = next;
      }
    },
  };

  async function ask(
    question: PriceQuestion,
    { listing: { ticker, exchange }, end, signal }: { listing: Listing; end: CivilDate } & EtfOptions,
  ) {
    const query = new URLSearchParams({
      symbol: ticker,
      ...(exchange.twelveData && { mic_code: exchange.twelveData }),
      interval: "1day",
      adjust: "splits",
      outputsize: String(pageSize),
      ...(question.from && { start_date: question.from }),
      // Midnight of that day, so that the day before it is the last one.
      end_date: addDays(end, 1),
    });
    const reply = await client.get(`time_series?${query.toString()}`, { accept: "application/json", signal });
    return { text: await reply.text(), answer: { provider, question, url: reply.url, secrets: [key] } };
  }
}

function dayBefore(date: string | undefined): CivilDate | undefined {
  return date !== undefined && isCivilDate(date) ? addDays(date, -1) : undefined;
}
