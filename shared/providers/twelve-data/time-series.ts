import type { ErrorClass } from "#jobs/error-class.ts";
import type { PricePoint } from "#rules/portfolio/price-series.ts";
import { checkSymbol, complaint, type EtfAnswer, jsonObject, quoted, type QuotedSeries } from "../etf-answer.ts";
import { type ExactJson, isJsonObject, plainDecimal } from "../exact-json.ts";

/** The page in `{ meta: { symbol, currency, … }, values: [{ datetime, open, high, low, close, volume }], status: "ok" }`, newest first. */
export function pageOf(
  text: string,
  answer: EtfAnswer,
  { symbol, mic, now }: { symbol: string; mic: string | null; now: Date },
): Pick<QuotedSeries, "unit" | "exchange" | "points"> {
  const body = jsonObject(text, answer);
  if (body.status !== "ok") {
    const code = Number(body.code);
    const wait = code === 429 ? untilNextMinute(now) : undefined;
    throw complaint(
      answer,
      `is an error: ${quoted(body.message ?? body.status)} (code ${quoted(body.code)})`,
      classOf(code),
      wait,
    );
  }
  const meta = isJsonObject(body.meta) ? body.meta : {};
  checkSymbol(answer, meta.symbol, symbol);
  if (mic !== null && meta.mic_code !== undefined && meta.mic_code !== mic) {
    throw complaint(answer, `is of the exchange ${JSON.stringify(meta.mic_code)}, and ${mic} was asked for`);
  }
  if (!Array.isArray(body.values)) throw complaint(answer, "has no values");
  const points = (body.values as readonly ExactJson[]).map((value) => pointOf(value, answer));
  return { unit: meta.currency, exchange: meta.exchange, points };
}

function pointOf(value: ExactJson, answer: EtfAnswer): PricePoint {
  if (!isJsonObject(value)) throw complaint(answer, `has ${JSON.stringify(value)} among its values`);
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

/** Its limit is counted by the minute of the clock. */
function untilNextMinute(now: Date): number {
  return 60_000 - (now.getTime() % 60_000);
}
