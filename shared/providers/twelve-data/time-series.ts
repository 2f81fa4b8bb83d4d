import type { ErrorClass } from "#jobs/error-class.ts";
import type { PricePoint } from "#rules/portfolio/price-series.ts";
import { checkSymbol, type EtfResponse, jsonObject, quoted, type RawSeries, responseError } from "../etf-response.ts";
import { type ExactJson, isJsonObject, plainDecimal } from "../exact-json.ts";

/**
 * The page in `{ meta: { symbol, currency, … }, values: [{ datetime, open, high, low, close, volume }], status: "ok"
 * }`, newest first. @throws ProviderError
 */
export function pageOf(
  text: string,
  response: EtfResponse,
  { symbol, mic, now }: { symbol: string; mic: string | null; now: Date },
): Pick<RawSeries, "unit" | "exchange" | "points"> {
  const body = jsonObject(text, response);
  if (body.status !== "ok") {
    const code = Number(body.code);
    const wait = code === 429 ? untilNextMinute(now) : undefined;
    throw responseError(
      response,
      `is an error: ${quoted(body.message ?? body.status)} (code ${quoted(body.code)})`,
      classOf(code),
      wait,
    );
  }
  const meta = isJsonObject(body.meta) ? body.meta : {};
  checkSymbol(response, meta.symbol, symbol);
  if (mic !== null && meta.mic_code !== undefined && meta.mic_code !== mic) {
    throw responseError(response, `is of the exchange ${JSON.stringify(meta.mic_code)}, and ${mic} was asked for`);
  }
  if (!Array.isArray(body.values)) throw responseError(response, "has no values");
  const points = (body.values as readonly ExactJson[]).map((value) => pointOf(value, response));
  return { unit: meta.currency, exchange: meta.exchange, points };
}

function pointOf(value: ExactJson, response: EtfResponse): PricePoint {
  if (!isJsonObject(value)) throw responseError(response, `has ${JSON.stringify(value)} among its values`);
  const { datetime, open, high, low, close, volume } = value;
  return {
    date: typeof datetime === "string" ? datetime : "",
    open: plainDecimal(open),
    high: plainDecimal(high),
    low: plainDecimal(low),
    close: plainDecimal(close),
    adjustedClose: null,
    volume: volume == null ? null : plainDecimal(volume),
  };
}

function classOf(code: number): ErrorClass {
  if (code === 429) return "rate_limited";
  if (code === 401 || code === 403) return "auth";
  return code >= 500 ? "transient" : "validation";
}

/** Milliseconds until the next minute: the service counts its limit per minute of the clock. */
function untilNextMinute(now: Date): number {
  return 60_000 - (now.getTime() % 60_000);
}
