import type { ErrorClass } from "#jobs/error-class.ts";
import type { CivilDate } from "#rules/civil-date.ts";
import { usableBar, withoutRepeatedLast } from "#rules/portfolio/price-bar.ts";
import { type PricePoint, seriesFault } from "#rules/portfolio/price-series.ts";
import { inWholeUnits, priceUnit } from "#rules/portfolio/price-unit.ts";
import { adjustedForSplits, type Split } from "#rules/portfolio/split.ts";
import type { EtfProvider, PriceRequest, PriceSeries } from "./etf-provider.ts";
import { type ExactJson, isJsonObject, parseExactJson } from "./exact-json.ts";
import { withoutSecrets } from "./outbound/safe-url.ts";
import { ProviderError } from "./provider-error.ts";

/** The context of a response for its errors: the provider, the request and the URL. */
export interface EtfResponse {
  readonly provider: Pick<EtfProvider, "name" | "series">;
  readonly request: PriceRequest;
  /** Safe to show. */
  readonly url: string;
  /** Never shown, also where the provider repeats them. */
  readonly secrets?: readonly string[];
}

/** The values of a response before they are checked. */
export interface RawSeries {
  /** The currency or its part, as the provider writes it: `EUR`, `GBp`. */
  readonly unit: ExactJson | undefined;
  readonly name?: ExactJson | undefined;
  readonly exchange?: ExactJson | undefined;
  /** In any order. Prices are plain decimals in `unit`. */
  readonly points: readonly PricePoint[];
  /** The splits that the response states. Default: none. */
  readonly splits?: readonly Split[];
  /** The current day in the time zone of the exchange, and whether its price is final. */
  readonly today: CivilDate;
  readonly isTodayFinal: boolean;
}

/**
 * The series of a response, without the current day while its price is not final.
 * @throws ProviderError for any fault
 */
export function validatedSeries(response: EtfResponse, quoted: RawSeries): PriceSeries {
  const { request, provider } = response;
  const unit = typeof quoted.unit === "string" ? priceUnit(quoted.unit) : undefined;
  if (!unit) {
    const what = quoted.unit == null ? "has no currency" : `has an unknown currency ${JSON.stringify(quoted.unit)}`;
    throw responseError(response, what);
  }
  if (request.currency !== null && request.currency !== unit.currency) {
    throw responseError(response, `is in ${unit.currency}, but the stored prices are in ${request.currency}`);
  }
  const sorted = quoted.points
    .filter(({ date }) => date !== quoted.today || quoted.isTodayFinal)
    .map(usableBar)
    .sort((one, other) => (one.date < other.date ? -1 : one.date > other.date ? 1 : 0));
  const distinct = withoutRepeatedLast(sorted);
  const fault = seriesFault(distinct, quoted.today);
  if (fault !== undefined) throw responseError(response, fault);
  const splits = quoted.splits ?? [];
  const { points } = adjustedForSplits(distinct, splits);
  const wanted = points.filter(({ date }) => request.from === null || date >= request.from);
  if (wanted.length === 0) {
    throw responseError(
      response,
      request.from ? `has no price since ${request.from}` : "has no price of a finished day",
    );
  }
  const whole = (price: string | null) => (price === null ? null : inWholeUnits(price, unit));
  return {
    source: provider.name,
    series: provider.series,
    currency: unit.currency,
    name: textOf(quoted.name),
    exchange: textOf(quoted.exchange),
    splits: splits.filter(({ date }) => date >= wanted[0]!.date && date <= wanted.at(-1)!.date),
    points:
      unit.places === 0
        ? wanted
        : wanted.map((point) => ({
            ...point,
            open: whole(point.open),
            high: whole(point.high),
            low: whole(point.low),
            close: inWholeUnits(point.close, unit),
            adjustedClose: whole(point.adjustedClose),
          })),
  };
}

/**
 * The JSON object of a response.
 * @throws ProviderError; `transient` when the text begins as an object and is cut off
 */
export function jsonObject(text: string, response: EtfResponse): Readonly<Record<string, ExactJson>> {
  let parsed: ExactJson;
  try {
    parsed = parseExactJson(text);
  } catch {
    if (/^\s*(\{|$)/.test(text)) throw responseError(response, "is cut short or damaged", "transient");
    throw responseError(response, "is no JSON");
  }
  if (!isJsonObject(parsed)) throw responseError(response, "is no JSON object");
  return parsed;
}

/** Checks that a response is about the requested symbol, in the provider's spelling. @throws ProviderError */
export function checkSymbol(response: EtfResponse, got: ExactJson | undefined, asked: string): void {
  if (typeof got !== "string" || got.toUpperCase() !== asked.toUpperCase()) {
    throw responseError(response, `is about ${JSON.stringify(got ?? null)}, and ${asked} was asked for`);
  }
}

/** The error for a response that cannot be used. @param retryAfterMs the wait that the provider asks for */
export function responseError(
  { provider: { name: provider }, request, url, secrets = [] }: EtfResponse,
  what: string,
  errorClass: ErrorClass = "validation",
  retryAfterMs?: number,
): ProviderError {
  const sentence = withoutSecrets(`the response of ${provider} for ${request.symbol} ${what}: ${url}`, secrets);
  return new ProviderError(sentence, { provider, url, errorClass, retryAfterMs });
}

/** A message of the provider, quoted, in one line of at most 300 characters. */
export function quoted(words: ExactJson | undefined): string {
  const line = (typeof words === "string" ? words : JSON.stringify(words ?? null)).replace(/\s+/g, " ").trim();
  return `"${line.length > 300 ? `${line.slice(0, 299)}…` : line}"`;
}

function textOf(value: ExactJson | undefined): string | null {
  return typeof value === "string" && value.trim() !== "" ? value.trim().slice(0, 200) : null;
}
