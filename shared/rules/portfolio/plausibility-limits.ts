/** How far a series may move before a point waits for a confirmation. */
export interface Limits {
  /** The ratio of two neighbouring days up to which a calm series is plausible. */
  readonly daily: number;
  /** The largest ratio after a gap, or in a volatile series. Below 1.9, so that a halved or a shifted value is seen. */
  readonly widest: { readonly volatile: number; readonly gap: number };
  /** Whether a jump by a whole ratio may be a split. */
  readonly canSplit: boolean;
}

/**
 * Closes of ETFs: 1.25. The S&P 500 fell by 20.5 % on 1987-10-19, its largest day, and by 12 % on 2020-03-16. Funds
 * with leverage or of one country move further: their own volatility widens the limit.
 */
export const ETF_CLOSES: Limits = { daily: 1.25, widest: { volatile: 1.85, gap: 4 }, canSplit: true };

/**
 * Rates of stable currencies: 1.07. Source: the ECB's history since 1999, where their largest days are 1.083 (CHF,
 * 2011-09-06), 1.067 (KRW, 2008), 1.063 (JPY, 2016-06-24) and 1.168 (CHF, 2015-01-15), which wait for a day.
 */
const STABLE: Limits = { daily: 1.07, widest: { volatile: 1.3, gap: 3 }, canSplit: false };

/**
 * Rates of volatile currencies: 1.15. Days of up to 1.14 are common in crises: TRL 2001, TRY 2018, RUB 2014, ISK 2008.
 */
const VOLATILE: Limits = { daily: 1.15, widest: { volatile: 1.6, gap: 3 }, canSplit: false };

const VOLATILE_CURRENCIES: ReadonlySet<string> = new Set(
  "ARS BRL EGP GHS IDR ISK KRW LBP MXN NGN PKR ROL RUB TRL TRY UAH VES ZAR ZMW".split(" "),
);

export function limitsOfRate(currency: string): Limits {
  return VOLATILE_CURRENCIES.has(currency) ? VOLATILE : STABLE;
}

/** A multiple of the series' own daily deviation that a calm market does not reach. */
const DEVIATIONS = 8;
/** Days that the deviation is taken from, and the fewest that tell anything. */
const RECENT_DAYS = 60;
const FEWEST_DAYS = 10;

/**
 * The ratio that is plausible after `days` calendar days: the daily limit, widened by the deviation of the last moves
 * and by the square root of the trading days of a gap.
 * @param moves the logarithms of the last daily ratios
 */
export function plausibleRatio(limits: Limits, moves: readonly number[], days: number): number {
  const recent = moves
    .slice(-RECENT_DAYS)
    .map(Math.abs)
    .sort((a, b) => a - b);
  // The median is robust: one crash does not widen the limit. 1.4826 makes it a standard deviation.
  const deviation = recent.length < FEWEST_DAYS ? 0 : 1.4826 * recent[recent.length >> 1]!;
  const volatile = Math.min(Math.exp(DEVIATIONS * deviation), limits.widest.volatile);
  const ofDay = Math.max(limits.daily, volatile);
  const tradingDays = Math.max(1, ((days - 2) * 5) / 7);
  return tradingDays <= 1.5 ? ofDay : Math.max(ofDay, Math.min(ofDay ** Math.sqrt(tradingDays), limits.widest.gap));
}
