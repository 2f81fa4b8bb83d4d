import { isCivilDate } from "#rules/civil-date.ts";
import { isKnownCurrency } from "#rules/portfolio/currency.ts";
import { type ExactJson, isJsonObject, parseExactJson, plainDecimal } from "../exact-json.ts";
import { type AnswerSource, isPublishedRate, type RatesOfDay } from "../fx-provider.ts";
import { ProviderError } from "../provider-error.ts";

/** The day of a response to `/latest`: `{ amount, base, date, rates: { USD: 1.1 } }`. @throws ProviderError */
export function dayOf(text: string, source: AnswerSource): RatesOfDay {
  const { date, rates } = readAnswer(text, source);
  return readDay(typeof date === "string" ? date : "", rates, source);
}

/**
 * The days of a response to a range, newest first: `{ …, rates: { "2025-05-09": { USD: 1.1 } } }`.
 * @throws ProviderError
 */
export function daysOf(text: string, source: AnswerSource): RatesOfDay[] {
  const { rates } = readAnswer(text, source);
  if (!isJsonObject(rates)) throw responseError(source, "has no rates");
  return Object.entries(rates)
    .map(([date, ratesOfDay]) => readDay(date, ratesOfDay, source))
    .sort((one, other) => (one.date < other.date ? 1 : -1));
}

function readAnswer(text: string, source: AnswerSource): Readonly<Record<string, ExactJson>> {
  const answer = parsed(text, source);
  if (!isJsonObject(answer)) throw responseError(source, "is no JSON object");
  const { base, amount = "1" } = answer;
  if (base !== "EUR") throw responseError(source, `has base ${JSON.stringify(base)}, expected "EUR"`);
  if (Number(amount) !== 1) throw responseError(source, `is for an amount of ${JSON.stringify(amount)}, expected 1`);
  return answer;
}

function parsed(text: string, source: AnswerSource): ExactJson {
  try {
    return parseExactJson(text);
  } catch {
    // A text that begins as an object and cannot be parsed was cut off or damaged on the way.
    if (/^\s*(\{|$)/.test(text)) throw responseError(source, "is cut short or damaged", "transient");
    throw responseError(source, "is no JSON");
  }
}

function readDay(date: string, rates: ExactJson | undefined, source: AnswerSource): RatesOfDay {
  if (!isCivilDate(date)) throw responseError(source, `has a day "${date}", expected YYYY-MM-DD`);
  if (!isJsonObject(rates) || Object.keys(rates).length === 0) throw responseError(source, `has no rates for ${date}`);
  const read = Object.entries(rates).map(([quote, value]) => {
    if (!isKnownCurrency(quote)) throw responseError(source, `has an unknown currency "${quote}" for ${date}`);
    const rate = plainDecimal(value);
    if (!isPublishedRate(rate)) {
      throw responseError(source, `has ${JSON.stringify(value)} for ${quote} on ${date}, expected a positive decimal`);
    }
    return { quote, rate };
  });
  return { date, source: source.provider, rates: read };
}

function responseError(
  source: AnswerSource,
  what: string,
  errorClass: "validation" | "transient" = "validation",
): ProviderError {
  return new ProviderError(`the response of ${source.provider} ${what}: ${source.url}`, { ...source, errorClass });
}
