import type { Tx } from "#data/client.ts";
import { type EtfColumns, sameCloses, withdrawPrices } from "#data/portfolio/etf-prices.ts";
import type { Etf } from "#data/portfolio/etf-schema.ts";
import { columnsOf, pointsIn } from "#data/portfolio/price-columns.ts";
import { holdPoints, type NewSuspectPoint, resolvePoints, suspectsOfEtfs } from "#data/portfolio/suspect-points.ts";
import type { SuspectPoint } from "#data/portfolio/suspect-schema.ts";
import type { CivilDate } from "#rules/civil-date.ts";
import { marketMoves } from "#rules/portfolio/market-moves.ts";
import type { SeriesValue, Verdict } from "#rules/portfolio/plausibility.ts";
import { type JudgedDay, judgePrices } from "#rules/portfolio/price-plausibility.ts";
import type { PricePoint } from "#rules/portfolio/price-series.ts";
import { isSameValue, settlements } from "#rules/portfolio/suspect-settlement.ts";

/** Who decides about a held point in the place of a person: a later answer. */
export const BY_LATER_ANSWER = "rota";

/** A fetched series without the days that are held back. */
export interface JudgedSeries<S> {
  readonly series: S;
  /** Fetched days that are held back. */
  readonly suspect: number;
  /** Stored days that are held back now: they are no longer prices. */
  readonly withdrawn: readonly { readonly date: CivilDate; readonly reason: string }[];
}

export interface JudgedPrices<S> {
  readonly series: readonly JudgedSeries<S>[];
  /** Points that were not held back before. */
  readonly newlyHeld: readonly SuspectPoint[];
}

export interface StoredClose {
  readonly date: CivilDate;
  readonly close: string;
}

/**
 * Judges the days of fetched series beside the stored closes, holds implausible days back, and decides held days that
 * the answers confirm or correct. In the transaction that stores the series.
 * @param stored closes beside the fetched days, oldest first
 */
export async function judgeFetched<S extends EtfColumns>(
  tx: Tx,
  fetched: readonly S[],
  {
    etfs,
    stored,
    runId,
    asOf,
  }: {
    etfs: ReadonlyMap<number, Etf>;
    stored: ReadonlyMap<number, readonly StoredClose[]>;
    runId: string;
    asOf: Date;
  },
): Promise<JudgedPrices<S>> {
  const suspects = Map.groupBy(
    await suspectsOfEtfs(
      tx,
      fetched.map(({ etfId }) => etfId),
    ),
    ({ etfId }) => etfId!,
  );
  const prepared = fetched.map((series) => {
    const known = suspects.get(series.etfId) ?? [];
    const points = pointsIn(series.columns).filter(({ date, close: value }) => !isRejected({ date, value }, known));
    return { series, known, points, days: daysToJudge(points, stored.get(series.etfId) ?? [], known) };
  });
  const market = marketMoves(prepared.map(({ points }) => points.map(({ date, close: value }) => ({ date, value }))));

  const judged: JudgedSeries<S>[] = [];
  const held: NewSuspectPoint[] = [];
  for (const { series, known, points, days } of prepared) {
    const verdicts = await judgedWithOthers(tx, series.etfId, days, market);
    const ofDate = new Map(days.map(({ point }, index) => [point.date, verdicts[index]!]));
    const isFetched = new Set(points.map(({ date }) => date));
    const withdrawn: { date: CivilDate; reason: string }[] = [];
    for (const [index, { point, trust }] of days.entries()) {
      const verdict = verdicts[index]!;
      if (!verdict.isHeld) continue;
      if (trust === "known") withdrawn.push({ date: point.date, reason: verdict.reason });
      const { rule, reason, expected } = verdict;
      const { source, series: kind, etfId } = series;
      held.push({
        kind: "price",
        subject: etfs.get(etfId)!.symbol,
        etfId,
        date: point.date,
        value: point.close,
        expected,
        point,
        series: kind,
        source: isFetched.has(point.date) ? source : "stored",
        rule,
        reason,
        foundAt: asOf,
        runId,
      });
    }
    await settleHeld(tx, known, { source: series.source, points, ofDate, asOf });
    const plausible = points.filter(({ date }) => ofDate.get(date)?.isHeld === false);
    await withdrawPrices(
      tx,
      series.etfId,
      withdrawn.map(({ date }) => date),
    );
    const columns = plausible.length === series.columns.count ? series.columns : columnsOf(plausible);
    judged.push({ series: { ...series, columns }, suspect: points.length - plausible.length, withdrawn });
  }
  return { series: judged, newlyHeld: await holdPoints(tx, held) };
}

/** The fetched and the stored days together. A stored close stays when the answer has another one. */
export function daysToJudge(
  points: readonly PricePoint[],
  stored: readonly StoredClose[],
  suspects: readonly SuspectPoint[],
): JudgedDay[] {
  const days = new Map<CivilDate, JudgedDay>(points.map((point) => [point.date, { point, trust: undefined }]));
  for (const { date, close } of stored) {
    const point = days.get(date)?.point ?? { ...WITHOUT_RANGE, date, close };
    days.set(date, { point: { ...point, close }, trust: "known" });
  }
  for (const { date, value, state } of suspects) {
    const day = days.get(date);
    if (state === "accepted" && day && isSameValue(day.point.close, value))
      days.set(date, { ...day, trust: "decided" });
  }
  return [...days.values()].sort((one, other) => (one.point.date < other.point.date ? -1 : 1));
}

const WITHOUT_RANGE = { open: null, high: null, low: null, adjustedClose: null, volume: null };

/** Whether a person has rejected this value of the day. */
export function isRejected({ date, value }: SeriesValue, suspects: readonly SuspectPoint[]): boolean {
  return suspects.some(
    (one) =>
      one.state === "rejected" &&
      one.resolvedBy !== BY_LATER_ANSWER &&
      one.date === date &&
      isSameValue(one.value, value),
  );
}

/** Judges, and where a day jumps looks for its close among the other ETFs. */
async function judgedWithOthers(
  tx: Tx,
  etfId: number,
  days: readonly JudgedDay[],
  market: (date: CivilDate) => number | undefined,
): Promise<Verdict[]> {
  const verdicts = judgePrices(days, { market });
  const jumps = days.filter((_, index) => {
    const verdict = verdicts[index]!;
    return verdict.isHeld ? verdict.rule === "jump" || verdict.rule === "spike" : verdict.confirmation !== null;
  });
  if (jumps.length === 0) return verdicts;
  const others = await sameCloses(
    tx,
    etfId,
    jumps.map(({ point: { date, close } }) => ({ date, close })),
  );
  if (others.size === 0) return verdicts;
  return judgePrices(days, { market, sameAs: ({ date }: SeriesValue) => others.get(date) });
}

async function settleHeld(
  tx: Tx,
  suspects: readonly SuspectPoint[],
  {
    source,
    points,
    ofDate,
    asOf,
  }: { source: string; points: readonly PricePoint[]; ofDate: ReadonlyMap<CivilDate, Verdict>; asOf: Date },
): Promise<void> {
  const held = suspects.filter(({ state }) => state === "held");
  const [first, last] = [points[0]?.date, points.at(-1)?.date];
  if (held.length === 0 || first === undefined || last === undefined) return;
  const accepted = new Map(
    points.flatMap(({ date, close }) => {
      const verdict = ofDate.get(date);
      return verdict?.isHeld === false ? [[date, { value: close, confirmation: verdict.confirmation }] as const] : [];
    }),
  );
  const stillHeld = new Set([...ofDate].filter(([, { isHeld }]) => isHeld).map(([date]) => date));
  const settled = settlements(held, { source, first, last, accepted, held: stillHeld });
  await resolvePoints(
    tx,
    settled.map((one) => ({ ...one, by: BY_LATER_ANSWER, at: asOf })),
  );
}
