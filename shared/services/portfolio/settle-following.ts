import type { Tx } from "#data/client.ts";
import { storedCloses } from "#data/portfolio/etf-prices.ts";
import { ratesBetween } from "#data/portfolio/exchange-rates.ts";
import { resolvePoints, suspectRates, suspectsOfEtfs } from "#data/portfolio/suspect-points.ts";
import type { SuspectPoint } from "#data/portfolio/suspect-schema.ts";
import { addDays } from "#rules/civil-date.ts";
import { judgeSeries } from "#rules/portfolio/plausibility.ts";
import { limitsOfRate } from "#rules/portfolio/plausibility-limits.ts";
import { judgePrices } from "#rules/portfolio/price-plausibility.ts";
import { applyDecision } from "./apply-decision.ts";
import { BY_LATER_ANSWER, daysToJudge } from "./judge-prices.ts";
import { DAYS_BEFORE, ratesToJudge } from "./judge-rates.ts";

/**
 * Judges the held days after a released one again, because it starts a new level, and stores those that are plausible
 * now. The next synchronisation would do the same.
 * @param released accepted in this transaction
 */
export async function settleFollowing(tx: Tx, released: SuspectPoint, at: Date): Promise<void> {
  const resolution = followingResolution(released);
  for (const point of await plausibleNow(tx, released)) {
    const refusal = await applyDecision(tx, point, { state: "accepted", reason: resolution, at });
    if (refusal !== undefined) continue;
    await resolvePoints(tx, [{ id: point.id, state: "accepted", resolution, by: BY_LATER_ANSWER, at }]);
  }
}

/** The resolution of the points that are stored with a released one. */
export function followingResolution({ kind, date }: SuspectPoint): string {
  return `it agrees with the released ${kind} of ${date}`;
}

async function plausibleNow(tx: Tx, released: SuspectPoint): Promise<SuspectPoint[]> {
  const { kind, etfId, subject, source, date } = released;
  if (kind === "contribution") return [];
  const from = addDays(date, -DAYS_BEFORE);
  const to = "9999-12-31";
  const known =
    kind === "rate"
      ? await suspectRates(tx, { quotes: [subject], source, from, to })
      : (await suspectsOfEtfs(tx, [etfId!])).filter((one) => one.source === source && one.series === released.series);
  const waiting = known.filter((one) => one.state === "held" && one.date > date);
  if (waiting.length === 0) return [];
  const plausible =
    kind === "rate"
      ? await plausibleRates(tx, released, { waiting, known, from, to })
      : await plausiblePrices(tx, released, { waiting, known, from });
  return waiting.filter((one) => plausible.has(one.date));
}

async function plausibleRates(
  tx: Tx,
  { subject, source }: SuspectPoint,
  {
    waiting,
    known,
    from,
    to,
  }: { waiting: readonly SuspectPoint[]; known: readonly SuspectPoint[]; from: string; to: string },
): Promise<Set<string>> {
  const stored = await ratesBetween(tx, { quotes: [subject], from, to, sources: [source] });
  const points = ratesToJudge(waiting, stored, known);
  const verdicts = judgeSeries(points, { limits: limitsOfRate(subject), what: `rate of ${subject}` });
  return new Set(points.flatMap(({ date }, index) => (verdicts[index]!.isHeld ? [] : [date])));
}

async function plausiblePrices(
  tx: Tx,
  { etfId }: SuspectPoint,
  { waiting, known, from }: { waiting: readonly SuspectPoint[]; known: readonly SuspectPoint[]; from: string },
): Promise<Set<string>> {
  const stored = (await storedCloses(tx, etfId!)).filter(({ date }) => date >= from);
  const days = daysToJudge(
    waiting.map(({ point }) => point!),
    stored,
    known,
  );
  const verdicts = judgePrices(days);
  return new Set(days.flatMap(({ point }, index) => (verdicts[index]!.isHeld ? [] : [point.date])));
}
