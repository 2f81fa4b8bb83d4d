import { type CivilDate, isCivilDate } from "#rules/civil-date.ts";
import { isCurrencyCode, isKnownCurrency } from "#rules/portfolio/currency.ts";
import { type AnswerSource, isPublishedRate, type PublishedRate, type RatesOfDay } from "../fx-provider.ts";
import { ProviderError } from "../provider-error.ts";

/**
 * The days of `eurofxref-hist.csv` from start to end: newest first, `N/A` where a currency had no rate. Reading stops
 * at the first day before the start. Each day is yielded after its whole line, with its line end, was read.
 *
 * Not read by csv-parse: the format has no quotes, this splitter is faster (docs/decisions/0012), and it detects a last
 * line that was cut off.
 * @throws ProviderError; `validation` for another format, `transient` for a file that ends within a line
 */
export async function* daysOfHistory(
  chunks: AsyncIterable<Uint8Array>,
  { start, end, source }: { start: CivilDate; end: CivilDate; source: AnswerSource },
): AsyncGenerator<RatesOfDay> {
  let header: Header | undefined;
  let newer: CivilDate | undefined;
  for await (const { text, number } of linesOf(chunks, source)) {
    if (!header) {
      header = readHeader(text, source);
      continue;
    }
    const date = readDate(text, { number, newer, source });
    newer = date;
    if (date < start) return;
    // Days after the end are read too: a day that cannot be read shows that the file cannot be trusted.
    const rates = readRates(text, header, { number, source });
    if (date <= end) yield { date, source: source.provider, rates };
  }
  if (newer === undefined) throw responseError(source, "has no day in it", "transient");
}

interface Header {
  readonly currencies: readonly string[];
  readonly cells: number;
}

interface Place {
  readonly number: number;
  readonly source: AnswerSource;
}

const LONGEST_LINE = 65_536;

async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  source: AnswerSource,
): AsyncGenerator<{ text: string; number: number }> {
  let rest = "";
  let number = 0;
  for await (const chunk of chunks) {
    // The format is ASCII; a cell with any other byte is refused.
    const lines = (rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1")).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LONGEST_LINE) throw responseError(source, `has a line of more than ${LONGEST_LINE} characters`);
    for (const line of lines) yield { text: line.endsWith("\r") ? line.slice(0, -1) : line, number: ++number };
  }
  if (rest !== "") throw responseError(source, `ends in the middle of line ${number + 1}`, "transient");
}

function readHeader(line: string, source: AnswerSource): Header {
  const cells = line.replace(UTF8_MARK, "").split(",");
  const currencies = cells.slice(1, cells.at(-1) === "" ? -1 : undefined);
  if (cells[0] !== "Date") throw responseError(source, `must begin with the column "Date", got "${shown(cells[0])}"`);
  for (const [index, currency] of currencies.entries()) {
    if (!isCurrencyCode(currency) || !isKnownCurrency(currency)) {
      throw responseError(
        source,
        `has an unknown column "${shown(currency)}" (number ${index + 2}); expected currency codes`,
      );
    }
    if (currencies.indexOf(currency) !== index) throw responseError(source, `has the column "${currency}" twice`);
  }
  if (currencies.length === 0) throw responseError(source, "has no currency column");
  return { currencies, cells: cells.length };
}

/** The UTF-8 byte order mark, decoded as latin1. */
const UTF8_MARK = /^\u00EF\u00BB\u00BF/;

function readDate(line: string, { number, newer, source }: Place & { newer: CivilDate | undefined }): CivilDate {
  const date = line.slice(0, Math.max(line.indexOf(","), 0));
  if (!isCivilDate(date))
    throw responseError(source, `has no date YYYY-MM-DD at the start of line ${number}, got "${shown(line)}"`);
  if (newer !== undefined && date >= newer) {
    const trouble = date === newer ? "is there twice" : `follows ${newer}, though the newest day comes first`;
    throw responseError(source, `is out of order: ${date} in line ${number} ${trouble}`);
  }
  return date;
}

function readRates(line: string, { currencies, cells }: Header, { number, source }: Place): PublishedRate[] {
  const row = line.split(",");
  if (row.length !== cells) throw responseError(source, `has ${row.length} cells in line ${number}, expected ${cells}`);
  const rates: PublishedRate[] = [];
  for (const [index, quote] of currencies.entries()) {
    const rate = row[index + 1] ?? "";
    if (rate === "N/A") continue;
    if (!isPublishedRate(rate)) {
      throw responseError(
        source,
        `has "${shown(rate)}" for ${quote} in line ${number}, expected a positive decimal or N/A`,
      );
    }
    rates.push({ quote, rate });
  }
  return rates;
}

function responseError(
  source: AnswerSource,
  what: string,
  errorClass: "validation" | "transient" = "validation",
): ProviderError {
  return new ProviderError(`the history file of ${source.provider} ${what}: ${source.url}`, { ...source, errorClass });
}

function shown(text = ""): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
