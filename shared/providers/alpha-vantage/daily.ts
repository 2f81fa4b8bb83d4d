import { civilDateIn } from "#rules/civil-date.ts";
import { type Exchange, hasFinalPrice } from "#rules/portfolio/exchange.ts";
import { type PricePoint, splitSuspect } from "#rules/portfolio/price-series.ts";
import type { PriceSeries } from "../etf-provider.ts";
import { checkSymbol, type EtfResponse, jsonObject, quoted, responseError, validatedSeries } from "../etf-response.ts";
import { type ExactJson, isJsonObject, plainDecimal } from "../exact-json.ts";
import type { ProviderError } from "../provider-error.ts";

/**
 * The prices in `{ "Meta Data": { "2. Symbol": … }, "Time Series (Daily)": { "2026-04-10": { "4. close": "1.00", … } }
 * }`.
 */
export function seriesOfDaily(
  text: string,
  response: EtfResponse,
  { symbol, exchange, now }: { symbol: string; exchange: Exchange; now: Date },
): PriceSeries {
  const body = jsonObject(text, response);
  const refused = errorIn(body, response);
  if (refused) throw refused;
  const meta = body["Meta Data"];
  checkSymbol(response, isJsonObject(meta) ? meta["2. Symbol"] : undefined, symbol);
  const days = body["Time Series (Daily)"];
  if (!isJsonObject(days)) throw responseError(response, "has no daily time series");
  const series = validatedSeries(response, {
    unit: exchange.currency,
    points: Object.entries(days).map(([date, day]) => pointOf(date, day, response)),
    today: civilDateIn(exchange.zone, now),
    isTodayFinal: hasFinalPrice(exchange, now),
  });
  // The days before a split would be in other units than those after it and those of other sources.
  const split = splitSuspect(series.points);
  if (split !== undefined)
    throw responseError(response, `jumps on ${split} as at a split, which this source does not adjust for`);
  return series;
}

/** Errors have status 200; the name of their only field and its text identify them. */
function errorIn(body: Readonly<Record<string, ExactJson>>, response: EtfResponse): ProviderError | undefined {
  const [notice, error] = [body.Note ?? body.Information, body["Error Message"]];
  if (notice !== undefined) return noticeOf(quoted(notice), response);
  if (error === undefined) return undefined;
  const words = quoted(error);
  return responseError(response, `is an error: ${words}`, /apikey/i.test(words) ? "auth" : "validation");
}

/**
 * A limit per second or minute ends soon, a limit per day does not; any other notice is about the rights of the key.
 */
function noticeOf(words: string, response: EtfResponse): ProviderError {
  const what = `is a notice: ${words}`;
  if (/burst|call frequency|per minute/i.test(words)) return responseError(response, what, "rate_limited", 60_000);
  if (/rate limit|per day/i.test(words)) return responseError(response, what, "rate_limited", 3_600_000);
  return responseError(response, what, "auth");
}

function pointOf(date: string, day: ExactJson, response: EtfResponse): PricePoint {
  if (!isJsonObject(day)) throw responseError(response, `has no prices on ${date.slice(0, 40)}`);
  // "4. close" here is "5. close" in a related function, so the number is ignored.
  const cell = (name: string) => {
    const entry = Object.entries(day).find(([label]) => label.replace(/^\d+\. /, "") === name);
    return entry ? plainDecimal(entry[1]) : null;
  };
  return {
    date,
    open: cell("open"),
    high: cell("high"),
    low: cell("low"),
    close: cell("close") ?? "",
    adjustedClose: cell("adjusted close"),
    volume: cell("volume"),
  };
}
