import { SAMPLE_CURRENCIES, type SampleDay } from "./sample-rates.ts";

/** `{"amount":1.0,"base":"EUR","date":…,"rates":{…}}`, the currencies in order of their codes. */
export function frankfurterDay(day: SampleDay | undefined, symbols: readonly string[] | undefined): string {
  return day ? `{"amount":1.0,"base":"EUR","date":"${day.date}","rates":${ratesOf(day, symbols)}}` : "{}";
}

/** `start_date` and `end_date` are the first and last days that are in it, oldest first. */
export function frankfurterRange(days: readonly SampleDay[], symbols: readonly string[] | undefined): string {
  const rates = days.map((day) => `"${day.date}":${ratesOf(day, symbols)}`).join(",");
  const [from, to] = [days[0]?.date ?? "", days.at(-1)?.date ?? ""];
  return `{"amount":1.0,"base":"EUR","start_date":"${from}","end_date":"${to}","rates":{${rates}}}`;
}

function ratesOf({ rates }: SampleDay, symbols: readonly string[] | undefined): string {
  const cells = SAMPLE_CURRENCIES.flatMap((quote, index) => {
    const rate = rates[index];
    const isAsked = symbols === undefined || symbols.includes(quote);
    return rate === undefined || !isAsked ? [] : [`"${quote}":${asNumber(Number(rate))}`];
  });
  return `{${cells.sort().join(",")}}`;
}

/** Rounded as Frankfurter does by the size of the rate, and written as Ruby writes floats: a whole one as 7.0. */
function asNumber(rate: number): string {
  if (rate > 5000) return String(Math.round(rate));
  const decimals = rate > 80 ? 2 : rate > 20 ? 3 : rate > 1 ? 4 : rate > 0.0001 ? 5 : 6;
  const rounded = String(Number(rate.toFixed(decimals)));
  return rounded.includes(".") ? rounded : `${rounded}.0`;
}
