import type { EtfProvider } from "./etf-provider.ts";
import { outbound, type OutboundOptions } from "./outbound.ts";
import { seriesOfChart } from "./yahoo/chart.ts";

const YAHOO_BASE_URL = "https://query1.finance.yahoo.com/v8/finance/chart/";

export interface YahooOptions extends Pick<OutboundOptions, "timeoutMs" | "stallMs" | "resolve"> {
  readonly baseUrl?: string;
  readonly now?: () => Date;
}

/** Both answer alike, and one may redirect to the other. */
const PUBLIC_HOSTS: readonly string[] = ["query1.finance.yahoo.com", "query2.finance.yahoo.com"];

/** Some days before the first that is wanted: what a day is differs by zone, and the rest is cut off here. */
const MARGIN_S = 2 * 86_400;

/**
 * Yahoo's charts, v8. No key. Its closes are adjusted for splits and not for dividends, which its adjusted closes are as
 * well; prices are binary fractions, handed on with all the digits that it prints.
 */
export function yahoo({ baseUrl = YAHOO_BASE_URL, now = () => new Date(), ...limits }: YahooOptions = {}): EtfProvider {
  const provider = { name: "yahoo", series: "raw" } as const;
  const isPublic = URL.canParse(baseUrl) && PUBLIC_HOSTS.includes(new URL(baseUrl).host);
  const client = outbound({
    provider: provider.name,
    baseUrl,
    allowedHosts: isPublic ? PUBLIC_HOSTS : [],
    // It turns callers without a browser's name away.
    headers: { "user-agent": "Mozilla/5.0 (compatible; Rota)" },
    ...limits,
  });

  return {
    ...provider,

    async prices(question, { signal } = {}) {
      const at = now();
      const query = new URLSearchParams({
        interval: "1d",
        period1: String(question.from === null ? 0 : Math.max(0, Date.parse(question.from) / 1000 - MARGIN_S)),
        period2: String(Math.floor(at.getTime() / 1000)),
        events: "div,split",
        includePrePost: "false",
      });
      const path = `${encodeURIComponent(question.symbol)}?${query.toString()}`;
      const reply = await client.get(path, { accept: "application/json", signal });
      return seriesOfChart(await reply.text(), { provider, question, url: reply.url }, at);
    },
  };
}
