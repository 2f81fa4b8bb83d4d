import type { ErrorClass } from "#jobs/error-class.ts";
import type { CivilDate } from "#rules/civil-date.ts";
import { type PricePoint, seriesFault } from "#rules/portfolio/price-series.ts";
import { inWholeUnits, priceUnit } from "#rules/portfolio/price-unit.ts";
import type { EtfProvider, PriceQuestion, PriceSeries } from "./etf-provider.ts";
import { type ExactJson, isJsonObject, parseExactJson } from "./exact-json.ts";
import { withoutSecrets } from "./outbound/redaction.ts";
import { ProviderError } from "./provider-error.ts";

/** Where an answer came from and what was asked, for what is said about it. */
export interface EtfAnswer {
  readonly provider: Pick<EtfProvider, "name" | "series">;
  readonly question: PriceQuestion;
  /** Safe to show. */
  readonly url: string;
  /** Never shown, wherever the provider repeats them. */
  readonly secrets?: readonly string[];
}

/** What an answer says, before anything of it is believed. */
export interface QuotedSeries {
  /** The currency or its part, as the provider writes it: `EUR`, `GBp`. */
  readonly unit: ExactJson | undefined;
  readonly name?: ExactJson | undefined;
  readonly exchange?: ExactJson | undefined;
  /** In any order. Prices are plain decimals in that unit. */
  readonly points: readonly PricePoint[];
  /** The day that it is on the exchange's clocks, and whether its price is final. */
  readonly today: CivilDate;
  readonly isTodayFinal: boolean;
}

/** The series that an answer has, if all of it can be believed; a day that is under way is left out. @throws ProviderError */
export function believed(answer: EtfAnswer, quoted: QuotedSeries): PriceSeries {
  const { question, provider } = answer;
  const unit = typeof quoted.unit === "string" ? priceUnit(quoted.unit) : undefined;
  if (!unit) {
    const what = quoted.unit == null ? "has no currency" : `has an unknown currency ${JSON.stringify(quoted.unit)}`;
    throw complaint(answer, what);
  }
  if (question.currency !== null && question.currency !== unit.currency) {
    throw complaint(answer, `is in ${unit.currency}, but the stored prices are in ${question.currency}`);
  }
  const points = quoted.points
    .filter(({ date }) => date !== quoted.today || quoted.isTodayFinal)
    .sort((one, other) => (one.date < other.date ? -1 : 1));
  const fault = seriesFault(points, quoted.today);
  if (fault !== undefined) throw complaint(answer, fault);
  const wanted = points.filter(({ date }) => question.from === null || date >= question.from);
  if (wanted.length === 0) {
    throw complaint(answer, question.from ? `has no price since ${question.from}` : "has no price of a finished day");
  }
  const whole = (price: string | null) => (price === null ? null : inWholeUnits(price, unit));
  return {
    source: provider.name,
    series: provider.series,
    currency: unit.currency,
    name: textOf(quoted.name),
    exchange: textOf(quoted.exchange),
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

/** The JSON object that an answer is. What begins as one and does not end was cut or damaged on the way: `transient`. */
export function jsonObject(text: string, answer: EtfAnswer): Readonly<Record<string, ExactJson>> {
  let parsed: ExactJson;
  try {
    parsed = parseExactJson(text);
  } catch {
    if (/^\s*(\{|$)/.test(text)) throw complaint(answer, "is cut short or damaged", "transient");
    throw complaint(answer, "is no JSON");
  }
  if (!isJsonObject(parsed)) throw complaint(answer, "is no JSON object");
  return parsed;
}

/** An answer that must be about the symbol that was asked for, in the provider's spelling. */
export function checkSymbol(answer: EtfAnswer, got: ExactJson | undefined, asked: string): void {
  if (typeof got !== "string" || got.toUpperCase() !== asked.toUpperCase()) {
    throw complaint(answer, `is about ${JSON.stringify(got ?? null)}, and ${asked} was asked for`);
  }
}

/** @param retryAfterMs what the provider asks to wait */
export function complaint(
  { provider: { name: provider }, question, url, secrets = [] }: EtfAnswer,
  what: string,
  errorClass: ErrorClass = "validation",
  retryAfterMs?: number,
): ProviderError {
  const sentence = withoutSecrets(`the answer of ${provider} for ${question.symbol} ${what}: ${url}`, secrets);
  return new ProviderError(sentence, { provider, url, errorClass, retryAfterMs });
}

/** What a provider says in its own words, in one line. */
export function quoted(words: ExactJson | undefined): string {
  const line = (typeof words === "string" ? words : JSON.stringify(words ?? null)).replace(/\s+/g, " ").trim();
  return `"${line.length > 300 ? `${line.slice(0, 299)}…` : line}"`;
}

function textOf(value: ExactJson | undefined): string | null {
  return typeof value === "string" && value.trim() !== "" ? value.trim().slice(0, 200) : null;
}
