import { civilDateIn } from "#rules/civil-date.ts";
import { type Exchange, hasFinalPrice } from "#rules/portfolio/exchange.ts";
import { type PricePoint, splitSuspect } from "#rules/portfolio/price-series.ts";
import { believed, checkSymbol, complaint, type EtfAnswer, jsonObject, quoted } from "../etf-answer.ts";
import type { PriceSeries } from "../etf-provider.ts";
import { type ExactJson, isJsonObject, plainDecimal } from "../exact-json.ts";
import type { ProviderError } from "../provider-error.ts";

/** The prices in `{ "Meta Data": { "2. Symbol": … }, "Time Series (Daily)": { "2026-04-10": { "4. close": "1.00", … } } }`. */
export function seriesOfDaily(
  text: string,
  answer: EtfAnswer,
  { symbol, exchange, now }: { symbol: string; exchange: Exchange; now: Date },
): PriceSeries {
  const body = jsonObject(text, answer);
  const refused = refusal(body, answer);
  if (refused) throw refused;
  const meta = body["Meta Data"];
  checkSymbol(answer, isJsonObject(meta) ? meta["2. Symbol"] : undefined, symbol);
  const days = body["Time Series (Daily)"];
  if (!isJsonObject(days)) throw complaint(answer, "has no daily time series");
  const series = believed(answer, {
    unit: exchange.currency,
    points: Object.entries(days).map(([date, day]) => pointOf(date, day, answer)),
    today: civilDateIn(exchange.zone, now),
    isTodayFinal: hasFinalPrice(exchange, now),
  });
  // Days before a split would be in other units than those after it, and than every other source's.
  const split = splitSuspect(series.points);
  if (split !== undefined)
    throw complaint(answer, `jumps on ${split} as at a split, which this source does not adjust for`);
  return series;
}

/** Failures come with status 200, told apart by the name of their one field and by their words. */
function refusal(body: Readonly<Record<string, ExactJson>>, answer: EtfAnswer): ProviderError | undefined {
  const [notice, error] = [body.Note ?? body.Information, body["Error Message"]];
  if (notice !== undefined) return noticeOf(quoted(notice), answer);
  if (error === undefined) return undefined;
  const words = quoted(error);
  return complaint(answer, `is an error: ${words}`, /apikey/i.test(words) ? "auth" : "validation");
}

/** A limit of the second or the minute passes soon, one of the day does not; any other notice is of what the key does not open. */
function noticeOf(words: string, answer: EtfAnswer): ProviderError {
  const what = `is a notice: ${words}`;
  if (/burst|call frequency|per minute/i.test(words)) return complaint(answer, what, "rate_limited", 60_000);
  if (/rate limit|per day/i.test(words)) return complaint(answer, what, "rate_limited", 3_600_000);
  return complaint(answer, what, "auth");
}

function pointOf(date: string, day: ExactJson, answer: EtfAnswer): PricePoint {
  if (!isJsonObject(day)) throw complaint(answer, `has no prices on ${date.slice(0, 40)}`);
  // "4. close" here is "5. close" in a sister function: the number says nothing.
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
