import type { EtfProvider } from "./etf-provider.ts";
import { outbound, type OutboundOptions } from "./outbound.ts";
import { seriesOfChart } from "./yahoo/chart.ts";

const YAHOO_BASE_URL = "https://query1.finance.yahoo.com/v8/finance/chart/";

export interface YahooOptions extends Pick<OutboundOptions, "timeoutMs" | "stallMs" | "resolve" | "policy"> {
  readonly baseUrl?: string;
  readonly now?: () => Date;
}

/** Both hosts give the same responses, and one may redirect to the other. */
const PUBLIC_HOSTS: readonly string[] = ["query1.finance.yahoo.com", "query2.finance.yahoo.com"];

/**
 * Requested in addition before the first day, because days differ by time zone; `validatedSeries` removes the surplus.
 */
const MARGIN_S = 2 * 86_400;

/**
 * Yahoo's charts, v8. No key. Closes are adjusted for splits, adjusted closes for dividends as well. Prices are binary
 * fractions and keep all digits of the response.
 */
export function yahoo({ baseUrl = YAHOO_BASE_URL, now = () => new Date(), ...limits }: YahooOptions = {}): EtfProvider {
  const provider = { name: "yahoo", series: "raw" } as const;
  const isPublic = URL.canParse(baseUrl) && PUBLIC_HOSTS.includes(new URL(baseUrl).host);
  const client = outbound({
    provider: provider.name,
    baseUrl,
    allowedHosts: isPublic ? PUBLIC_HOSTS : [],
    // It refuses callers without the user agent of a browser.
    headers: { "user-agent": "Mozilla/5.0 (compatible; Rota)" },
    ...limits,
  });

  return {
    ...provider,

    async prices(request, { signal } = {}) {
      const at = now();
      const query = new URLSearchParams({
        interval: "1d",
        period1: String(request.from === null ? 0 : Math.max(0, Date.parse(request.from) / 1000 - MARGIN_S)),
        period2: String(Math.floor(at.getTime() / 1000)),
        events: "div,split",
        includePrePost: "false",
      });
      const path = `${encodeURIComponent(request.symbol)}?${query.toString()}`;
      const response = await client.get(path, { accept: "application/json", signal });
      return seriesOfChart(await response.text(), { provider, request, url: response.url }, at);
    },
  };
}
