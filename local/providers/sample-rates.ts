import { mulberry32 } from "./mulberry32.ts";

/** The random walk of one sample currency: start, daily step, printed decimals, and the period of publication. */
interface RandomWalk {
  readonly quote: string;
  readonly start: number;
  readonly decimals: number;
  /** Standard deviation of a day's step, relative to the rate. 0 for a fixed rate. */
  readonly step: number;
  readonly from?: string;
  readonly until?: string;
}

export interface SampleDay {
  readonly date: string;
  /** In the order of SAMPLE_CURRENCIES; undefined where the currency had no rate that day. */
  readonly rates: readonly (string | undefined)[];
}

/** Plausible, invented rates: sample data only. */
const WALKS: readonly RandomWalk[] = [
  { quote: "USD", start: 1.18, decimals: 4, step: 0.005 },
  { quote: "JPY", start: 134, decimals: 2, step: 0.006 },
  { quote: "BGN", start: 1.9558, decimals: 4, step: 0, from: "2000-07-19", until: "2025-12-31" },
  { quote: "CZK", start: 26, decimals: 3, step: 0.003 },
  { quote: "DKK", start: 7.45, decimals: 4, step: 0.0001 },
  { quote: "GBP", start: 0.75, decimals: 5, step: 0.0045 },
  { quote: "HUF", start: 290, decimals: 2, step: 0.004 },
  { quote: "PLN", start: 4.2, decimals: 4, step: 0.004 },
  { quote: "RON", start: 3.7, decimals: 4, step: 0.003, from: "2005-07-01" },
  { quote: "SEK", start: 9.5, decimals: 4, step: 0.004 },
  { quote: "CHF", start: 1.3, decimals: 4, step: 0.003 },
  { quote: "ISK", start: 130, decimals: 2, step: 0.004 },
  { quote: "NOK", start: 9, decimals: 4, step: 0.0045 },
  { quote: "HRK", start: 7.5, decimals: 4, step: 0.0005, from: "2005-04-01", until: "2022-12-30" },
  { quote: "TRY", start: 4, decimals: 4, step: 0.008, from: "2005-01-03" },
  { quote: "AUD", start: 1.65, decimals: 4, step: 0.005 },
  { quote: "BRL", start: 4.2, decimals: 4, step: 0.008, from: "2008-01-02" },
  { quote: "CAD", start: 1.5, decimals: 4, step: 0.0045 },
  { quote: "CNY", start: 8.6, decimals: 4, step: 0.004, from: "2005-04-01" },
  { quote: "HKD", start: 9.2, decimals: 4, step: 0.005 },
  { quote: "IDR", start: 14500, decimals: 2, step: 0.006, from: "2005-04-01" },
  { quote: "ILS", start: 4.4, decimals: 4, step: 0.004, from: "2011-01-03" },
  { quote: "INR", start: 70, decimals: 4, step: 0.005, from: "2009-01-02" },
  { quote: "KRW", start: 1400, decimals: 2, step: 0.005 },
  { quote: "MXN", start: 18, decimals: 4, step: 0.006, from: "2008-01-02" },
  { quote: "MYR", start: 4.5, decimals: 4, step: 0.004, from: "2005-04-01" },
  { quote: "NZD", start: 1.9, decimals: 4, step: 0.005 },
  { quote: "PHP", start: 60, decimals: 3, step: 0.004, from: "2005-04-01" },
  { quote: "SGD", start: 1.6, decimals: 4, step: 0.004 },
  { quote: "THB", start: 40, decimals: 3, step: 0.004, from: "2005-04-01" },
  { quote: "ZAR", start: 11, decimals: 4, step: 0.008 },
];

export const SAMPLE_CURRENCIES: readonly string[] = WALKS.map(({ quote }) => quote);

/** The first day of the euro's reference rates. */
const FIRST_DAY = "1999-01-04";
const DAY_MS = 86_400_000;

/**
 * A rate for each weekday from 1999-01-04 to the date, oldest first. A day always has the same rates, for any last
 * date: the series only grows.
 */
export function sampleDays(lastDate: string): SampleDay[] {
  const last = Date.parse(lastDate);
  for (let day = series.next; day <= last; day = series.next) series.draw(day);
  const end = series.days.findLastIndex(({ date }) => date <= lastDate);
  return series.days.slice(0, end + 1);
}

/** The days that are generated so far. The series only grows, so each day is generated once. */
const series = {
  days: [] as SampleDay[],
  next: Date.parse(FIRST_DAY),
  random: mulberry32(19990104),
  current: WALKS.map(({ start }) => start),

  draw(at: number): void {
    this.next = at + DAY_MS;
    const day = new Date(at);
    if (day.getUTCDay() === 0 || day.getUTCDay() === 6) return;
    const date = day.toISOString().slice(0, 10);
    const rates = WALKS.map((walk, index) => {
      // Drawn for each currency on each day, published or not, so that the walks are independent of each other.
      const rate = nextRate(walk, this.current[index] ?? walk.start, this.random());
      this.current[index] = rate;
      const isPublished = date >= (walk.from ?? FIRST_DAY) && date <= (walk.until ?? date);
      return isPublished ? rate.toFixed(walk.decimals) : undefined;
    });
    this.days.push({ date, rates });
  },
};

/** The newest day that is published at that instant: today from 16:00 in Frankfurt on, on weekdays. */
export function lastPublishedDate(now: Date): string {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone: "Europe/Berlin",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    hourCycle: "h23",
  }).formatToParts(now);
  const part = (type: string) => parts.find((found) => found.type === type)?.value ?? "";
  let at = Date.parse(`${part("year")}-${part("month")}-${part("day")}`);
  if (Number(part("hour")) < 16) at -= DAY_MS;
  while ([0, 6].includes(new Date(at).getUTCDay())) at -= DAY_MS;
  return new Date(at).toISOString().slice(0, 10);
}

/** A uniform random step with a small drift back to the start, so that rates stay plausible over 25 years. */
function nextRate({ start, step }: RandomWalk, rate: number, draw: number): number {
  const pull = 0.002 * Math.log(start / rate);
  return step === 0 ? rate : rate * Math.exp(step * (draw * 2 - 1) * Math.sqrt(3) + pull);
}
