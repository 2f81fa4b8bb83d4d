import { civilDateIn } from "#rules/civil-date.ts";
import { type Exchange, hasFinalPrice } from "#rules/portfolio/exchange.ts";
import type { PricePoint } from "#rules/portfolio/price-series.ts";
import type { PriceSeries } from "../etf-provider.ts";
import { type EtfResponse, quoted, responseError, validatedSeries } from "../etf-response.ts";
import { plainDecimal } from "../exact-json.ts";

const COLUMNS = ["Date", "Open", "High", "Low", "Close"];

/** The prices in lines of `Date,Open,High,Low,Close[,Volume]`, oldest first. Errors are sentences with status 200. */
export function seriesOfCsv(
  text: string,
  response: EtfResponse,
  { exchange, now }: { exchange: Exchange; now: Date },
): PriceSeries {
  const [header = "", ...lines] = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const columns = header.split(",");
  if (COLUMNS.some((name, index) => columns[index] !== name)) throw noticeError(header, response);
  // A truncated number is still a number: only the last line end shows that the file is complete.
  if (lines.pop() !== "") throw responseError(response, "ends in the middle of a line", "transient");
  return validatedSeries(response, {
    unit: exchange.currency,
    points: lines.map((line, index) => pointOf(line, columns.length, { response, number: index + 2 })),
    today: civilDateIn(exchange.zone, now),
    isTodayFinal: hasFinalPrice(exchange, now),
  });
}

function noticeError(text: string, response: EtfResponse) {
  if (text.trim() === "") return responseError(response, "is empty", "transient");
  if (/^exceeded/i.test(text))
    return responseError(response, `is a notice: ${quoted(text)}`, "rate_limited", 3_600_000);
  if (/^no data/i.test(text)) return responseError(response, `is a notice: ${quoted(text)}`);
  if (/apikey|unauthorized|access denied/i.test(text))
    return responseError(response, `is a notice: ${quoted(text)}`, "auth");
  return responseError(response, `does not begin with ${COLUMNS.join(",")}, got ${quoted(text)}`);
}

function pointOf(
  line: string,
  cells: number,
  { response, number }: { response: EtfResponse; number: number },
): PricePoint {
  const row = line.split(",");
  if (row.length !== cells)
    throw responseError(response, `has ${row.length} cells in line ${number}, expected ${cells}`);
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
