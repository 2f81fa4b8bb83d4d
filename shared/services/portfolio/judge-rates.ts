import type { Tx } from "#data/client.ts";
import { ratesBetween, type StoredRate } from "#data/portfolio/exchange-rates.ts";
import { holdPoints, type NewSuspectPoint, resolvePoints, suspectRates } from "#data/portfolio/suspect-points.ts";
import type { SuspectPoint } from "#data/portfolio/suspect-schema.ts";
import type { RatesOfDay } from "#providers/fx-provider.ts";
import { addDays, type CivilDate } from "#rules/civil-date.ts";
import { marketMoves } from "#rules/portfolio/market-moves.ts";
import { judgeSeries, type SeriesValue } from "#rules/portfolio/plausibility.ts";
import { limitsOfRate } from "#rules/portfolio/plausibility-limits.ts";
import { isSameValue, settlements } from "#rules/portfolio/suspect-settlement.ts";
import { BY_LATER_ANSWER, isRejected } from "./judge-prices.ts";

/** Stored days beside the fetched ones, from which a jump is judged: a currency's last moves, and what followed. */
export const DAYS_BEFORE = 90;
const DAYS_AFTER = 10;

export interface JudgedRates {
  /** The plausible rates, and earlier ones that these confirm. */
  readonly days: readonly RatesOfDay[];
  /** Fetched rates that are held back. */
  readonly suspect: number;
  /** Points that were not held back before. */
  readonly newlyHeld: readonly SuspectPoint[];
}

/**
 * Judges the rates of fetched days beside the stored ones, holds implausible rates back, and decides held rates that
 * the answer confirms or corrects. In the transaction that stores the rates.
 */
export async function judgeRates(
  tx: Tx,
  fetched: readonly RatesOfDay[],
  { runId, asOf }: { runId: string; asOf: Date },
): Promise<JudgedRates> {
  const dates = fetched.map(({ date }) => date).sort();
  const [first, last, source] = [dates[0]!, dates.at(-1)!, fetched[0]!.source];
  const ofQuote = new Map<string, SeriesValue[]>();
  for (const { date, rates } of fetched) {
    for (const { quote, rate: value } of rates) {
      const points = ofQuote.get(quote);
      if (points) points.push({ date, value });
      else ofQuote.set(quote, [{ date, value }]);
    }
  }
  const quotes = [...ofQuote.keys()];
  const from = addDays(first, -DAYS_BEFORE);
  const beside = { quotes, from, to: addDays(last, DAYS_AFTER), sources: [source] };
  const stored = Map.groupBy(await ratesBetween(tx, beside), ({ quote }) => quote);
  const suspects = Map.groupBy(await suspectRates(tx, { quotes, source, from, to: last }), ({ subject }) => subject);
  const series = quotes.map((quote) => {
    const known = suspects.get(quote) ?? [];
    const isFetched = new Set(ofQuote.get(quote)!.map(({ date }) => date));
    // An answer with the following days confirms an earlier rate, which it does not have to repeat.
    const waiting = known.filter(({ state, date }) => state === "held" && !isFetched.has(date));
    const candidates = [...ofQuote.get(quote)!, ...waiting.map(({ date, value }) => ({ date, value }))];
    return { quote, known, isFetched, points: ratesToJudge(candidates, stored.get(quote) ?? [], known) };
  });
  const market = marketMoves(series.map(({ points }) => points));

  const dropped = new Set<string>();
  const confirmed: RatesOfDay[] = [];
  const held: NewSuspectPoint[] = [];
  for (const { quote, known, isFetched, points } of series) {
    const verdicts = judgeSeries(points, { limits: limitsOfRate(quote), what: `rate of ${quote}`, market });
    const accepted = new Map<CivilDate, { value: string; confirmation: string | null }>();
    const stillHeld = new Set<CivilDate>();
    for (const [index, { date, value, trust }] of points.entries()) {
      const verdict = verdicts[index]!;
      if (!verdict.isHeld || trust !== undefined) {
        accepted.set(date, { value, confirmation: verdict.isHeld ? null : verdict.confirmation });
        if (trust === undefined && !isFetched.has(date))
          confirmed.push({ date, source, rates: [{ quote, rate: value }] });
        continue;
      }
      const { rule, reason, expected } = verdict;
      stillHeld.add(date);
      if (!isFetched.has(date)) continue;
      dropped.add(`${quote} ${date}`);
      held.push({ kind: "rate", subject: quote, date, value, expected, source, rule, reason, foundAt: asOf, runId });
    }
    for (const point of ofQuote.get(quote)!) {
      if (isRejected(point, known)) dropped.add(`${quote} ${point.date}`);
    }
    const open = known.filter(({ state }) => state === "held");
    const settled = settlements(open, { source, first: from, last, accepted, held: stillHeld });
    await resolvePoints(
      tx,
      settled.map((one) => ({ ...one, by: BY_LATER_ANSWER, at: asOf })),
    );
  }
  const days = fetched.map((day) => ({
    ...day,
    rates: day.rates.filter(({ quote }) => !dropped.has(`${quote} ${day.date}`)),
  }));
  const newlyHeld = await holdPoints(tx, held);
  return { days: [...(dropped.size > 0 ? days : fetched), ...confirmed], suspect: held.length, newlyHeld };
}

/** The fetched and the stored rates of a currency together, oldest first. A stored rate stays. */
export function ratesToJudge(
  fetched: readonly SeriesValue[],
  stored: readonly StoredRate[],
  suspects: readonly SuspectPoint[],
): SeriesValue[] {
  const usable = fetched.filter((point) => !isRejected(point, suspects));
  const points = new Map(usable.map((point) => [point.date, point]));
  for (const { date, rate: value } of stored) points.set(date, { date, value, trust: "known" });
  for (const { date, value, state } of suspects) {
    const point = points.get(date);
    if (state === "accepted" && point && isSameValue(point.value, value))
      points.set(date, { ...point, trust: "decided" });
  }
  return [...points.values()].sort((one, other) => (one.date < other.date ? -1 : 1));
}
