import { mulberry32 } from "./mulberry32.ts";

/** An invented ETF: its properties and the random walk of its price. */
export interface SampleEtf {
  readonly symbol: string;
  readonly name: string;
  readonly venue: Venue;
  /** As it is quoted: `GBp` is pence. */
  readonly currency: string;
  readonly start: number;
  /** Standard deviation and drift of a day, relative to the price. */
  readonly step: number;
  readonly drift: number;
  /** The dividend of a quarter, relative to the price. */
  readonly dividend?: number;
  readonly split?: { readonly date: string; readonly ratio: number };
  readonly seed: number;
}

/** The exchange, with its opening hours in local time. */
export interface Venue {
  readonly code: string;
  readonly name: string;
  readonly mic: string;
  readonly zone: string;
  readonly opens: string;
  readonly closes: string;
}

/** One trading day. Prices are decimals as they are quoted, adjusted for splits; `adjustedClose` for dividends too. */
export interface SampleBar {
  readonly date: string;
  readonly open: string | null;
  readonly high: string | null;
  readonly low: string | null;
  readonly close: string | null;
  readonly adjustedClose: string | null;
  readonly volume: number;
}

const XETRA: Venue = {
  code: "GER",
  name: "XETRA",
  mic: "XETR",
  zone: "Europe/Berlin",
  opens: "09:00",
  closes: "17:30",
};
const LONDON: Venue = {
  code: "LSE",
  name: "LSE",
  mic: "XLON",
  zone: "Europe/London",
  opens: "08:00",
  closes: "16:30",
};
const ARCA: Venue = {
  code: "PCX",
  name: "NYSEArca",
  mic: "ARCX",
  zone: "America/New_York",
  opens: "09:30",
  closes: "16:00",
};

/** Plausible, invented prices of invented funds: sample data only. */
export const SAMPLE_ETFS: readonly SampleEtf[] = [
  {
    symbol: "SMPW.DE",
    name: "Sample World Accumulating ETF",
    venue: XETRA,
    currency: "EUR",
    start: 50,
    step: 0.009,
    drift: 0.0004,
    seed: 11,
  },
  {
    symbol: "SMPE.DE",
    name: "Sample Europe Distributing ETF",
    venue: XETRA,
    currency: "EUR",
    start: 31,
    step: 0.009,
    drift: 0.0002,
    dividend: 0.007,
    seed: 12,
  },
  {
    symbol: "SMPK.L",
    name: "Sample United Kingdom ETF",
    venue: LONDON,
    currency: "GBp",
    start: 640,
    step: 0.008,
    drift: 0.0001,
    dividend: 0.009,
    seed: 13,
  },
  {
    symbol: "SMPM.L",
    name: "Sample Emerging Markets ETF",
    venue: LONDON,
    currency: "USD",
    start: 22,
    step: 0.011,
    drift: 0.0001,
    seed: 14,
  },
  {
    symbol: "SMPA",
    name: "Sample America Distributing ETF",
    venue: ARCA,
    currency: "USD",
    start: 180,
    step: 0.009,
    drift: 0.0004,
    dividend: 0.004,
    seed: 15,
  },
  {
    symbol: "SMPT",
    name: "Sample Technology ETF",
    venue: ARCA,
    currency: "USD",
    start: 25,
    step: 0.013,
    drift: 0.0006,
    split: { date: "2022-06-06", ratio: 4 },
    seed: 16,
  },
];

const FIRST_DAY = "2015-01-02";
const DAY_MS = 86_400_000;

/**
 * The trading days from 2015-01-02 up to the instant, oldest first; the last one is incomplete while the exchange is
 * open. A day always has the same prices; only its adjusted close changes with later dividends.
 */
export function sampleBars(etf: SampleEtf, asOf: Date): readonly SampleBar[] {
  const { zone, opens } = etf.venue;
  const today = dateIn(zone, asOf);
  const lastDay = asOf < instantAt(zone, today, opens) ? dayBefore(today) : today;
  const known = series.get(etf);
  if (known?.lastDay === lastDay) return known.bars;
  const bars = barsUntil(etf, lastDay);
  series.set(etf, { lastDay, bars });
  return bars;
}

/** The last series of each ETF: a server is mostly asked about one day. */
const series = new WeakMap<SampleEtf, { readonly lastDay: string; readonly bars: readonly SampleBar[] }>();

function barsUntil(etf: SampleEtf, lastDay: string): SampleBar[] {
  const random = mulberry32(etf.seed);
  const walked: { date: string; prices: number[]; close: number; volume: number; paid: number }[] = [];
  let price = etf.start;
  for (let at = Date.parse(FIRST_DAY); at <= Date.parse(lastDay); at += DAY_MS) {
    const date = new Date(at).toISOString().slice(0, 10);
    if (!isTradingDay(date)) continue;
    const open = price * (1 + etf.step * 0.4 * (random() - 0.5));
    const close = price * (1 + etf.drift + etf.step * Math.sqrt(3) * (2 * random() - 1));
    const high = Math.max(open, close) * (1 + etf.step * 0.4 * random());
    const low = Math.min(open, close) * (1 - etf.step * 0.4 * random());
    const paid = isExDate(date, walked.at(-1)?.date) ? (etf.dividend ?? 0) : 0;
    walked.push({ date, prices: [open, high, low], close, volume: Math.floor(20_000 + 400_000 * random()), paid });
    price = close;
  }
  const places = etf.currency === "GBp" || etf.start < 100 ? 3 : 2;
  let factor = 1;
  return walked
    .reverse()
    .map(({ date, prices, close, volume, paid }) => {
      const [open, high, low] = prices.map((value) => value.toFixed(places)) as [string, string, string];
      const bar = {
        date,
        open,
        high,
        low,
        close: close.toFixed(places),
        adjustedClose: (close * factor).toFixed(places),
        volume,
      };
      // A dividend lowers the adjusted closes before it.
      factor *= 1 - paid;
      return bar;
    })
    .reverse();
}

/** The dividends with their days, oldest first. Each one lowers the adjusted closes before it. */
export function sampleDividends(etf: SampleEtf, bars: readonly SampleBar[]): { date: string; amount: string }[] {
  if (!etf.dividend) return [];
  return bars.flatMap((bar, index) => {
    const before = bars[index - 1];
    return before && isExDate(bar.date, before.date)
      ? { date: bar.date, amount: (Number(before.close) * etf.dividend!).toFixed(4) }
      : [];
  });
}

/** Dividends are paid on the first trading day of the last month of each quarter. */
function isExDate(date: string, before = ""): boolean {
  return before.slice(0, 7) !== date.slice(0, 7) && /-(03|06|09|12)-/.test(date);
}

function dayBefore(date: string): string {
  return new Date(Date.parse(date) - DAY_MS).toISOString().slice(0, 10);
}

function isTradingDay(date: string): boolean {
  const weekday = new Date(`${date}T00:00:00Z`).getUTCDay();
  return weekday !== 0 && weekday !== 6 && !/-(01-01|12-25|12-26)$/.test(date);
}

export function dateIn(zone: string, instant: Date): string {
  return clockOf(zone).format(instant).slice(0, 10);
}

/** The instant of a local date and time in the zone. */
export function instantAt(zone: string, date: string, time: string): Date {
  const key = `${zone} ${date} ${time}`;
  let at = instants.get(key);
  if (at === undefined) {
    const wanted = Date.parse(`${date}T${time}:00Z`);
    // No exchange opens or closes in the hour of a clock change, so one correction is exact.
    at = wanted - offsetMs(zone, new Date(wanted));
    instants.set(key, at);
  }
  return new Date(at);
}

/** Each request asks for the opening of each day of its series. */
const instants = new Map<string, number>();

export function offsetMs(zone: string, at: Date): number {
  const shown = clockOf(zone).format(at);
  return Date.parse(`${shown.replace(" ", "T")}Z`) - Math.floor(at.getTime() / 1000) * 1000;
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Formats as ISO 8601. Cached, since creating a formatter is slower than a thousand uses. */
function clockOf(zone: string): Intl.DateTimeFormat {
  const known = clocks.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  clocks.set(zone, made);
  return made;
}
