import type { Executor, Tx } from "#data/client.ts";
import { ratesBetween } from "#data/portfolio/exchange-rates.ts";
import {
  type DueDay,
  dueDays,
  firstDueDay,
  markValued,
  type PensionEtf,
  type PensionKind,
  pensionKinds,
  type PriceStatus,
} from "#data/portfolio/pension-progress.ts";
import {
  dropClosedDays,
  type QuotedDay,
  storePurchases,
  sumUnits,
  undoPurchasesBeforeSplits,
  valueDays,
  waitingContributions,
} from "#data/portfolio/pension-valuation.ts";
import type { Counts, FailedItem } from "#jobs/context.ts";
import { asError, classify } from "#jobs/error-class.ts";
import { addDays, type CivilDate } from "#rules/civil-date.ts";
import { minorDigits } from "#rules/portfolio/currency.ts";
import { SAME_SCALE } from "#rules/portfolio/price-series.ts";
import { targetDayOnOrBefore } from "#rules/portfolio/target-days.ts";
import { awaitedDays, buy, type Priced, quoteOf, type RatesByQuote } from "#rules/portfolio/valuation-days.ts";
import type { Config } from "#settings/config.ts";

/** About how many rows one statement writes: some tenths of a second, and a few megabytes of arrays. */
const ROWS_PER_STATEMENT = 20_000;
const PURCHASES_PER_STATEMENT = 5_000;

/** The ETFs as they were when the valuation began; the next run takes later prices. */
export interface Valuation {
  readonly etfs: ReadonlyMap<number, PensionEtf>;
  readonly reaches: readonly PriceStatus[];
  readonly today: CivilDate;
  readonly sources: Config["FX_PROVIDERS"];
}

export function valuationOf(etfs: readonly PensionEtf[], today: CivilDate, sources: Config["FX_PROVIDERS"]): Valuation {
  return {
    etfs: new Map(etfs.map((etf) => [etf.id, etf])),
    reaches: etfs.map((etf) => ({
      etfId: etf.id,
      to: etf.lastPrice,
      prices: etf.prices,
      awaited: awaitedOf(etf, today).at(-1) ?? null,
    })),
    today,
    sources,
  };
}

/** How far a batch is. */
interface Cursor {
  /** The last contribution that was processed. */
  readonly contribution: string;
  /** The last day that was. */
  readonly day: CivilDate;
}

const START: Cursor = { contribution: "0", day: "0001-01-01" };

export interface ValuationTools {
  readonly transaction: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  /** Locks pensions for one transaction and returns those that it got; the others are skipped from then on. */
  readonly lock: (tx: Tx, ids: readonly string[]) => Promise<string[]>;
}

export interface ValuedPensions {
  readonly counts: Counts;
  readonly skipped: readonly string[];
  /** Pensions whose data the database refuses. Days that were committed before stay. */
  readonly failed: readonly FailedItem[];
}

/**
 * Brings pensions up to date, in several transactions: contributions buy units where price and rate are known, then the
 * due days get their values, a range of days at a time. When a constraint refuses a row, the batch is halved until
 * the pension of the row is alone: one pension fails, the others are valued.
 */
export async function valuePensions(
  valuation: Valuation,
  ids: readonly string[],
  tools: ValuationTools,
): Promise<ValuedPensions> {
  const counts: Counts = { bought: 0, valued: 0, completed: 0, waiting: 0, closed: 0 };
  const skipped: string[] = [];
  const failed: FailedItem[] = [];
  await valueSome(ids);
  return { counts, skipped, failed };

  async function valueSome(some: readonly string[]): Promise<void> {
    try {
      skipped.push(...(await valueTogether(valuation, some, tools, counts)));
    } catch (error) {
      if (classify(error) !== "validation") throw error;
      if (some.length === 1) {
        failed.push({ key: `pension ${some[0]!}`, error: asError(error) });
        return;
      }
      const half = Math.ceil(some.length / 2);
      await valueSome(some.slice(0, half));
      await valueSome(some.slice(half));
    }
  }
}

/** Adds to `counts` what each transaction has committed. @returns the pensions that were skipped */
async function valueTogether(
  valuation: Valuation,
  ids: readonly string[],
  { transaction, lock }: ValuationTools,
  counts: Counts,
): Promise<string[]> {
  let held = ids;
  let cursor: Cursor | null = START;
  while (cursor !== null && held.length > 0) {
    const from: Cursor = cursor;
    const step = await transaction(async (tx) => {
      const locked = await lock(tx, held);
      return { locked, ...(locked.length ? await valueOn(tx, valuation, locked, from) : { cursor: null, counts: {} }) };
    });
    held = step.locked;
    cursor = step.cursor;
    addTo(counts, step.counts);
  }
  const done = new Set(held);
  return ids.filter((id) => !done.has(id));
}

/** Adds counts to their sum. */
export function addTo(sum: Counts, counts: Counts): void {
  for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
}

/**
 * The work of one transaction. @returns the cursor to continue from; null when the pensions are up to date and marked
 * so
 */
async function valueOn(
  tx: Tx,
  valuation: Valuation,
  ids: readonly string[],
  cursor: Cursor,
): Promise<{ cursor: Cursor | null; counts: Counts }> {
  const kinds = await pensionKinds(tx, ids, SAME_SCALE.raw);
  const isSettled = kinds.every((kind) => kind.isSettled);
  if (cursor === START && !isSettled) await undoPurchasesBeforeSplits(tx, ids, SAME_SCALE.raw);
  const { last, bought } = await buyNext(tx, valuation, ids, cursor.contribution);
  if (last !== null) return { cursor: { ...cursor, contribution: last }, counts: { bought } };

  // A pension that bought units was not settled before.
  if (!isSettled) await sumUnits(tx, ids);
  const from = await nextDay(tx, valuation, ids, kinds, cursor.day);
  if (from === null) {
    await markValued(tx, ids, valuation.reaches);
    return { cursor: null, counts: { bought } };
  }
  const to = addDays(from, Math.ceil(ROWS_PER_STATEMENT / ids.length));
  const counts = await valueRange(tx, valuation, ids, kinds, { from, to });
  // No price and no waiting day is after today, so this range is the last.
  const isLast = to >= valuation.today;
  if (isLast) await markValued(tx, ids, valuation.reaches);
  return { cursor: isLast ? null : { ...cursor, day: to }, counts: { bought, ...counts } };
}

/** Buys units with the next waiting contributions. @returns the last of them; null when these are the last */
async function buyNext(
  tx: Tx,
  { etfs, sources }: Valuation,
  ids: readonly string[],
  after: string,
): Promise<{ last: string | null; bought: number }> {
  const waiting = await waitingContributions(tx, ids, { after, limit: PURCHASES_PER_STATEMENT });
  if (waiting.length === 0) return { last: null, bought: 0 };
  const dates = waiting.map(({ date }) => date).sort();
  const currencies = waiting.flatMap(({ etfId, currency }) => [currency, etfs.get(etfId)?.currency ?? "EUR"]);
  const rates = await ratesFor(tx, { currencies, from: dates[0]!, to: dates.at(-1)!, sources });
  const purchases = waiting.flatMap(({ id, etfId, next, ...contribution }) => {
    const etf = pricedOf(etfs.get(etfId));
    const bought = etf && buy(contribution, { etf, next, rates });
    return bought ? [{ id, ...bought }] : [];
  });
  await storePurchases(tx, purchases);
  const last = waiting.length < PURCHASES_PER_STATEMENT ? null : waiting.at(-1)!.id;
  return { last, bought: purchases.length };
}

/** The first due day after `after`; a day whose price is awaited is due too. */
async function nextDay(
  tx: Tx,
  { etfs, reaches, today }: Valuation,
  ids: readonly string[],
  kinds: readonly PensionKind[],
  after: CivilDate,
): Promise<CivilDate | null> {
  const due = await firstDueDay(tx, ids, reaches, after);
  const awaited = kinds.flatMap(({ etfId }) => awaitedOf(etfs.get(etfId), today).filter((day) => day > after));
  return [...(due === null ? [] : [due]), ...awaited].sort()[0] ?? null;
}

async function valueRange(
  tx: Tx,
  { etfs, reaches, today, sources }: Valuation,
  ids: readonly string[],
  kinds: readonly PensionKind[],
  range: { from: CivilDate; to: CivilDate },
): Promise<Counts> {
  const due = Map.groupBy(await dueDays(tx, ids, reaches, range), ({ etfId }) => etfId);
  const currencies = kinds.flatMap(({ etfId, currency }) => [currency, etfs.get(etfId)?.currency ?? "EUR"]);
  const rates = await ratesFor(tx, { currencies, ...range, sources });
  const quoted: QuotedDay[] = [];
  const closed: { etfId: number; date: CivilDate }[] = [];
  for (const { etfId, currency } of kinds) {
    const etf = pricedOf(etfs.get(etfId));
    if (!etf) continue;
    // Read in this transaction: a price may have been withdrawn since the valuation began.
    const days = new Map<CivilDate, Pick<DueDay, "close" | "isHeld">>(due.get(etfId)?.map((day) => [day.date, day]));
    for (const date of awaitedOf(etf, today)) {
      if (date >= range.from && date <= range.to && !days.has(date)) days.set(date, { close: null, isHeld: false });
    }
    for (const [date, { close, isHeld }] of days) {
      const quote = quoteOf(date, { etf, currency, price: close ?? undefined, isHeld, rates });
      if (quote === "closed") closed.push({ etfId, date });
      else quoted.push({ ...quote, etfId, currency, digits: minorDigits(currency) });
    }
  }
  return { ...(await valueDays(tx, ids, quoted)), closed: await dropClosedDays(tx, ids, closed) };
}

/** The rates that apply to the days of a range, by currency. */
async function ratesFor(
  tx: Executor,
  {
    currencies,
    from,
    to,
    sources,
  }: { currencies: readonly string[]; from: CivilDate; to: CivilDate; sources: Config["FX_PROVIDERS"] },
): Promise<RatesByQuote> {
  const quotes = [...new Set(currencies)].filter((currency) => currency !== "EUR");
  if (quotes.length === 0) return new Map();
  const published = await ratesBetween(tx, { quotes, from: targetDayOnOrBefore(from), to, sources });
  return Map.groupBy(published, ({ quote }) => quote);
}

function awaitedOf(etf: { readonly lastPrice: string | null } | undefined, today: CivilDate): CivilDate[] {
  return etf?.lastPrice ? awaitedDays(etf.lastPrice, today) : [];
}

function pricedOf(etf: PensionEtf | undefined): Priced | null {
  if (!etf) return null;
  const { currency, series, lastPrice } = etf;
  return currency !== null && series !== null && lastPrice !== null ? { currency, series, lastPrice } : null;
}
