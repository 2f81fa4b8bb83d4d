import { calendarOf, type CivilDate } from "#rules/civil-date.ts";
import type { PricePoint } from "#rules/portfolio/price-series.ts";
import type { Split } from "#rules/portfolio/split.ts";
import type { PriceSeries } from "../etf-provider.ts";
import { checkSymbol, type EtfResponse, jsonObject, quoted, responseError, validatedSeries } from "../etf-response.ts";
import { type ExactJson, isJsonObject, plainDecimal } from "../exact-json.ts";

type JsonObject = Readonly<Record<string, ExactJson>>;

/** Time for the closing auction and for the delay of 15 minutes of free prices. */
const SETTLING_MS = 20 * 60_000;

/**
 * The prices in `{ chart: { result: [{ meta, timestamp, indicators: { quote: [{ … }], adjclose: [{ … }] } }], error }
 * }`.
 */
export function seriesOfChart(text: string, response: EtfResponse, now: Date): PriceSeries {
  const result = resultOf(jsonObject(text, response), response);
  const meta = objectIn(result, "meta");
  if (!meta) throw responseError(response, "has no meta");
  checkSymbol(response, meta.symbol, response.request.symbol);
  if (meta.dataGranularity !== undefined && meta.dataGranularity !== "1d") {
    throw responseError(response, `has bars of ${JSON.stringify(meta.dataGranularity)}, expected "1d"`);
  }
  const dateOf = calendarOfMeta(meta, response);
  return validatedSeries(response, {
    unit: meta.currency,
    name: meta.longName ?? meta.shortName,
    exchange: meta.fullExchangeName ?? meta.exchangeName,
    points: pointsOf(result, dateOf, response),
    splits: splitsOf(result, dateOf),
    today: dateOf(now),
    isTodayFinal: isTodayFinal(meta, dateOf, now),
  });
}

function resultOf(body: JsonObject, response: EtfResponse): JsonObject {
  const chart = objectIn(body, "chart");
  const error = objectIn(chart, "error");
  if (error) {
    const words = `${quoted(error.code)} ${quoted(error.description)}`;
    throw responseError(response, `is an error: ${words}`, /too many/i.test(words) ? "rate_limited" : "validation");
  }
  const result = firstIn(chart?.result);
  if (!result) throw responseError(response, "has no result");
  return result;
}

/** By the rules of the zone, because `gmtoffset` is the offset of today and not of the day of a price. */
function calendarOfMeta(
  { exchangeTimezoneName: zone }: JsonObject,
  response: EtfResponse,
): (instant: Date) => CivilDate {
  try {
    if (typeof zone === "string") return calendarOf(zone);
  } catch {
    // An unknown zone gets the same error as a missing one.
  }
  throw responseError(response, `has no time zone of the exchange, got ${JSON.stringify(zone ?? null)}`);
}

/**
 * By the current trading period of the response: the present one, the last one or, late in the evening, the next one.
 */
function isTodayFinal(meta: JsonObject, dateOf: (instant: Date) => CivilDate, now: Date): boolean {
  const end = instantOf(objectIn(objectIn(meta, "currentTradingPeriod"), "regular")?.end);
  if (!end) return false;
  const [today, day] = [dateOf(now), dateOf(end)];
  return day === today ? now.getTime() >= end.getTime() + SETTLING_MS : day > today;
}

function pointsOf(result: JsonObject, dateOf: (instant: Date) => CivilDate, response: EtfResponse): PricePoint[] {
  const indicators = objectIn(result, "indicators");
  const quotes = firstIn(indicators?.quote) ?? {};
  const { timestamp } = result;
  const columns = {
    open: quotes.open,
    high: quotes.high,
    low: quotes.low,
    close: quotes.close,
    adjustedClose: firstIn(indicators?.adjclose)?.adjclose,
    volume: quotes.volume,
  };
  if (!Array.isArray(timestamp)) {
    if (Array.isArray(columns.close)) throw responseError(response, "has prices without timestamps");
    throw responseError(response, "has no prices");
  }
  const instants = timestamp as readonly ExactJson[];
  for (const [name, column] of Object.entries(columns)) {
    const count = Array.isArray(column) ? column.length : undefined;
    const isOptional = name === "adjustedClose" || name === "volume";
    if (count !== instants.length && !(isOptional && count === undefined)) {
      throw responseError(response, `has ${instants.length} timestamps and ${count ?? "no"} values of ${name}`);
    }
  }
  return instants.flatMap((seconds, index) => {
    const at = instantOf(seconds);
    if (!at) throw responseError(response, `has ${JSON.stringify(seconds)} as timestamp ${index + 1}`);
    const cell = (name: keyof typeof columns) => valueAt(columns[name], index);
    const [open, high, low, close] = [cell("open"), cell("high"), cell("low"), cell("close")];
    // A bar without any value is a day without trading.
    if (close === null && open === null && high === null && low === null) return [];
    if (close === null) throw responseError(response, `has no close on ${dateOf(at)}, but other prices`);
    return { date: dateOf(at), open, high, low, close, adjustedClose: cell("adjustedClose"), volume: cell("volume") };
  });
}

/** The splits in `events: { splits: { "1626787800": { date, numerator, denominator, splitRatio } } }`, oldest first. */
function splitsOf(result: JsonObject, dateOf: (instant: Date) => CivilDate): Split[] {
  const stated = objectIn(objectIn(result, "events"), "splits") ?? {};
  const splits = Object.values(stated).flatMap((event): Split[] => {
    const { date, numerator, denominator } = isJsonObject(event) ? event : {};
    const [at, up, down] = [instantOf(date), plainDecimal(numerator), plainDecimal(denominator)];
    return at && Number(up) > 0 && Number(down) > 0 ? [{ date: dateOf(at), numerator: up, denominator: down }] : [];
  });
  return splits.sort((one, other) => (one.date < other.date ? -1 : 1));
}

function valueAt(column: ExactJson | undefined, index: number): string | null {
  const value = Array.isArray(column) ? (column as readonly ExactJson[])[index] : undefined;
  if (value == null) return null;
  // Other values stay as they are: the error names them.
  return typeof value === "string" ? plainDecimal(value) : JSON.stringify(value);
}

function instantOf(seconds: ExactJson | undefined): Date | undefined {
  return typeof seconds === "string" && /^-?\d{1,12}$/.test(seconds) ? new Date(Number(seconds) * 1000) : undefined;
}

function objectIn(from: JsonObject | undefined, name: string): JsonObject | undefined {
  const value = from?.[name];
  return isJsonObject(value) ? value : undefined;
}

function firstIn(list: ExactJson | undefined): JsonObject | undefined {
  const [first] = Array.isArray(list) ? (list as readonly ExactJson[]) : [];
  return isJsonObject(first) ? first : undefined;
}
