import { isCivilDate } from "#rules/civil-date.ts";
import { isKnownCurrency } from "#rules/portfolio/currency.ts";
import { type ExactJson, isJsonObject, parseExactJson, plainDecimal } from "../exact-json.ts";
import { type AnswerSource, isPublishedRate, type RatesOfDay } from "../fx-provider.ts";
import { ProviderError } from "../provider-error.ts";

/** The day in an answer to `/latest`: `{ amount, base, date, rates: { USD: 1.1 } }`. */
export function dayOf(text: string, source: AnswerSource): RatesOfDay {
  const { date, rates } = readAnswer(text, source);
  return readDay(typeof date === "string" ? date : "", rates, source);
}

/** The days in an answer to a range, newest first: `{ …, rates: { "2025-05-09": { USD: 1.1 } } }`. */
export function daysOf(text: string, source: AnswerSource): RatesOfDay[] {
  const { rates } = readAnswer(text, source);
  if (!isJsonObject(rates)) throw complaint(source, "has no rates");
  return Object.entries(rates)
    .map(([date, ratesOfDay]) => readDay(date, ratesOfDay, source))
    .sort((one, other) => (one.date < other.date ? 1 : -1));
}

function readAnswer(text: string, source: AnswerSource): Readonly<Record<string, ExactJson>> {
  const answer = parsed(text, source);
  if (!isJsonObject(answer)) throw complaint(source, "is no JSON object");
  const { base, amount = "1" } = answer;
  if (base !== "EUR") throw complaint(source, `has base ${JSON.stringify(base)}, expected "EUR"`);
  if (Number(amount) !== 1) throw complaint(source, `is for an amount of ${JSON.stringify(amount)}, expected 1`);
  return answer;
}

function parsed(text: string, source: AnswerSource): ExactJson {
  try {
    return parseExactJson(text);
  } catch {
    // What begins as an answer and cannot be read to its end was cut or damaged on the way.
    if (/^\s*(\{|$)/.test(text)) throw complaint(source, "is cut short or damaged", "transient");
    throw complaint(source, "is no JSON");
  }
}

function readDay(date: string, rates: ExactJson | undefined, source: AnswerSource): RatesOfDay {
  if (!isCivilDate(date)) throw complaint(source, `has a day "${date}", expected YYYY-MM-DD`);
  if (!isJsonObject(rates) || Object.keys(rates).length === 0) throw complaint(source, `has no rates for ${date}`);
  const read = Object.entries(rates).map(([quote, value]) => {
    if (!isKnownCurrency(quote)) throw complaint(source, `has an unknown currency "${quote}" for ${date}`);
    const rate = plainDecimal(value);
    if (!isPublishedRate(rate)) {
      throw complaint(source, `has ${JSON.stringify(value)} for ${quote} on ${date}, expected a positive decimal`);
    }
    return { quote, rate };
  });
  return { date, source: source.provider, rates: read };
}

function complaint(
  source: AnswerSource,
  what: string,
  errorClass: "validation" | "transient" = "validation",
): ProviderError {
  return new ProviderError(`the answer of ${source.provider} ${what}: ${source.url}`, { ...source, errorClass });
}
