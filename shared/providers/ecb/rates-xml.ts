import { XMLParser } from "fast-xml-parser";
import { type CivilDate, isCivilDate } from "#rules/civil-date.ts";
import { isCurrencyCode, isKnownCurrency } from "#rules/portfolio/currency.ts";
import { type AnswerSource, isPublishedRate, type PublishedRate, type RatesOfDay } from "../fx-provider.ts";
import { ProviderError } from "../provider-error.ts";

/**
 * The days of `eurofxref-daily.xml` (one) or `eurofxref-hist-90d.xml`, newest first, at least one.
 * @throws ProviderError; `validation` for another format, `transient` for a document that ends before its end tag
 */
export function daysOfXml(text: string, source: AnswerSource): [RatesOfDay, ...RatesOfDay[]] {
  if (!/^\uFEFF?\s*<\?xml[\s?]/.test(text)) throw responseError(source, "does not begin with <?xml");
  // An entity could expand to anything; the format has no entities and no document type.
  if (text.includes("<!DOCTYPE")) throw responseError(source, "has a document type, which this format does not");
  // The parser closes open elements, so the end tag is checked here.
  if (!/<\/(\w+:)?Envelope>\s*$/.test(text)) throw responseError(source, "ends before its end tag", "transient");

  const [first, ...rest] = cubesIn(parse(text, source), source).map((cube) => readDay(cube, source));
  if (!first) throw responseError(source, "has no day in it");
  for (const [index, { date }] of rest.entries()) {
    const newer = rest[index - 1]?.date ?? first.date;
    if (date >= newer)
      throw responseError(source, `is out of order: ${date} follows ${newer}, though the newest day comes first`);
  }
  return [first, ...rest];
}

interface Cube {
  readonly time?: string;
  readonly currency?: string;
  readonly rate?: string;
  readonly Cube?: readonly Cube[];
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "",
  // Rates stay texts.
  parseAttributeValue: false,
  removeNSPrefix: true,
  processEntities: false,
  isArray: (name) => name === "Cube",
});

function parse(text: string, source: AnswerSource): unknown {
  try {
    return parser.parse(text);
  } catch (error) {
    throw responseError(source, `is not well-formed XML (${(error as Error).message})`);
  }
}

function cubesIn(document: unknown, source: AnswerSource): readonly Cube[] {
  const [outer] = (document as { Envelope?: { Cube?: readonly (Cube | string)[] } }).Envelope?.Cube ?? [];
  if (typeof outer !== "object") throw responseError(source, "has no Envelope with a Cube");
  return outer.Cube ?? [];
}

function readDay({ time = "", Cube: cubes = [] }: Cube, source: AnswerSource): RatesOfDay {
  if (!isCivilDate(time)) throw responseError(source, `has a day with time="${time}", expected YYYY-MM-DD`);
  const rates = cubes.map((cube) => readRate(cube, time, source));
  if (rates.length === 0) throw responseError(source, `has no rate for ${time}`);
  if (new Set(rates.map(({ quote }) => quote)).size < rates.length)
    throw responseError(source, `has a currency twice for ${time}`);
  return { date: time, source: source.provider, rates };
}

function readRate({ currency = "", rate = "" }: Cube, date: CivilDate, source: AnswerSource): PublishedRate {
  if (!isCurrencyCode(currency) || !isKnownCurrency(currency))
    throw responseError(source, `has an unknown currency "${currency}" for ${date}`);
  if (!isPublishedRate(rate))
    throw responseError(source, `has rate="${rate}" for ${currency} on ${date}, expected a positive decimal`);
  return { quote: currency, rate };
}

function responseError(
  source: AnswerSource,
  what: string,
  errorClass: "validation" | "transient" = "validation",
): ProviderError {
  return new ProviderError(`the rates file of ${source.provider} ${what}: ${source.url}`, { ...source, errorClass });
}
