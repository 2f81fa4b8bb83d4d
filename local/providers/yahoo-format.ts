import { dateIn, instantAt, offsetMs, type SampleBar, sampleDividends, type SampleEtf } from "./sample-prices.ts";

export interface Chart {
  readonly meta: Record<string, unknown>;
  timestamp?: number[];
  readonly events?: Record<string, unknown>;
  readonly indicators: {
    quote: Record<string, (number | string | null)[]>[];
    adjclose: { adjclose?: (number | null)[] }[];
  };
}

/** The one element of `chart.result`, with the bars that are asked for. */
export function yahooChart(etf: SampleEtf, bars: readonly SampleBar[], asOf: Date): Chart {
  const { venue } = etf;
  const [today, last] = [dateIn(venue.zone, asOf), bars.at(-1)];
  const isOpen = last?.date === today && asOf < instantAt(venue.zone, today, venue.closes);
  const secondsAt = (date: string, time: string) => instantAt(venue.zone, date, time).getTime() / 1000;
  // The current day has the time of its last trade, not of the opening.
  const timestamp = bars.map(({ date }) =>
    isOpen && date === today ? Math.floor(asOf.getTime() / 1000) : secondsAt(date, venue.opens),
  );
  const period = lastWeekday(today);
  const gmtoffset = offsetMs(venue.zone, asOf) / 1000;
  const split = etf.split && bars.some(({ date }) => date === etf.split?.date) ? etf.split : undefined;
  const dividends = sampleDividends(etf, bars);
  return {
    meta: {
      currency: etf.currency,
      symbol: etf.symbol,
      exchangeName: venue.code,
      fullExchangeName: venue.name,
      instrumentType: "ETF",
      firstTradeDate: secondsAt("2015-01-02", venue.opens),
      gmtoffset,
      timezone: "",
      exchangeTimezoneName: venue.zone,
      regularMarketPrice: asNumber(last?.close ?? null),
      longName: etf.name,
      shortName: etf.name.toUpperCase(),
      priceHint: 2,
      currentTradingPeriod: {
        regular: {
          timezone: "",
          gmtoffset,
          start: secondsAt(period, venue.opens),
          end: secondsAt(period, venue.closes),
        },
      },
      dataGranularity: "1d",
      range: "",
      validRanges: ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"],
    },
    ...(timestamp.length > 0 && { timestamp }),
    ...((dividends.length > 0 || split) && {
      events: {
        ...(dividends.length > 0 && {
          dividends: keyed(dividends, ({ date, amount }) => ({
            amount: Number(amount),
            date: secondsAt(date, venue.opens),
          })),
        }),
        ...(split && {
          splits: keyed([split], ({ date, ratio }) => ({
            date: secondsAt(date, venue.opens),
            numerator: ratio,
            denominator: 1,
            splitRatio: `${ratio}:1`,
          })),
        }),
      },
    }),
    indicators: {
      quote: [
        timestamp.length === 0
          ? {}
          : {
              open: bars.map(({ open }) => asNumber(open)),
              high: bars.map(({ high }) => asNumber(high)),
              low: bars.map(({ low }) => asNumber(low)),
              close: bars.map(({ close }) => asNumber(close)),
              volume: bars.map(({ volume }) => volume),
            },
      ],
      adjclose: [
        timestamp.length === 0 ? {} : { adjclose: bars.map(({ adjustedClose }) => asNumber(adjustedClose) as number) },
      ],
    },
  };
}

/**
 * Yahoo's prices have single precision: 101.24 is sent as 101.23999786376953. A value that is no number stays a string.
 */
function asNumber(price: string | null): number | string | null {
  if (price === null) return null;
  return Number.isNaN(Number(price)) ? price : Math.fround(Number(price));
}

function lastWeekday(date: string): string {
  let at = Date.parse(date);
  while ([0, 6].includes(new Date(at).getUTCDay())) at -= 86_400_000;
  return new Date(at).toISOString().slice(0, 10);
}

function keyed<T>(events: readonly T[], view: (event: T) => { date: number }): Record<string, unknown> {
  return Object.fromEntries(events.map(view).map((event) => [String(event.date), event]));
}
