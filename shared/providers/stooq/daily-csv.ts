import { civilDateIn } from "#rules/civil-date.ts";
import { type Exchange, hasFinalPrice } from "#rules/portfolio/exchange.ts";
import type { PricePoint } from "#rules/portfolio/price-series.ts";
import { believed, complaint, type EtfAnswer, quoted } from "../etf-answer.ts";
import type { PriceSeries } from "../etf-provider.ts";
import { plainDecimal } from "../exact-json.ts";

const COLUMNS = ["Date", "Open", "High", "Low", "Close"];

/** The prices in lines of `Date,Open,High,Low,Close[,Volume]`, oldest first. What is wrong is a sentence with status 200. */
export function seriesOfCsv(
  text: string,
  answer: EtfAnswer,
  { exchange, now }: { exchange: Exchange; now: Date },
): PriceSeries {
  const [header = "", ...lines] = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const columns = header.split(",");
  if (COLUMNS.some((name, index) => columns[index] !== name)) throw refusal(header, answer);
  // A number that was cut is a number still: that the file is all there shows in its last line end.
  if (lines.pop() !== "") throw complaint(answer, "ends in the middle of a line", "transient");
  return believed(answer, {
    unit: exchange.currency,
    points: lines.map((line, index) => pointOf(line, columns.length, { answer, number: index + 2 })),
    today: civilDateIn(exchange.zone, now),
    isTodayFinal: hasFinalPrice(exchange, now),
  });
}

function refusal(said: string, answer: EtfAnswer) {
  if (said.trim() === "") return complaint(answer, "is empty", "transient");
  if (/^exceeded/i.test(said)) return complaint(answer, `is a notice: ${quoted(said)}`, "rate_limited", 3_600_000);
  if (/^no data/i.test(said)) return complaint(answer, `is a notice: ${quoted(said)}`);
  if (/apikey|unauthorized|access denied/i.test(said)) return complaint(answer, `is a notice: ${quoted(said)}`, "auth");
  return complaint(answer, `does not begin with ${COLUMNS.join(",")}, got ${quoted(said)}`);
}

function pointOf(line: string, cells: number, { answer, number }: { answer: EtfAnswer; number: number }): PricePoint {
  const row = line.split(",");
  if (row.length !== cells) throw complaint(answer, `has ${row.length} cells in line ${number}, expected ${cells}`);
  const [date = "", open = "", high = "", low = "", close = "", volume] = row;
  return {
    date,
    open: plainDecimal(open),
    high: plainDecimal(high),
    low: plainDecimal(low),
    close: plainDecimal(close),
    adjustedClose: plainDecimal(close),
    volume: volume === undefined || volume === "" ? null : plainDecimal(volume),
  };
}
