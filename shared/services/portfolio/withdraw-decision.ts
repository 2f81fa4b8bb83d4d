import type { Tx } from "#data/client.ts";
import { withdrawPrice } from "#data/portfolio/etf-prices.ts";
import { deleteRate } from "#data/portfolio/exchange-rates.ts";
import { holdContribution } from "#data/portfolio/pensions.ts";
import {
  type Reopened,
  reopenValuesOfContribution,
  reopenValuesOfPrices,
  reopenValuesOfRate,
} from "#data/portfolio/stale-values.ts";
import { holdAgain, lockReleasedWith, rejectWithdrawn } from "#data/portfolio/suspect-points.ts";
import type { SuspectPoint } from "#data/portfolio/suspect-schema.ts";
import { isUniqueViolation } from "#jobs/error-class.ts";
import { addDays } from "#rules/civil-date.ts";
import { targetDayAfter } from "#rules/portfolio/target-days.ts";
import { followingResolution } from "./settle-following.ts";

/** A point whose decision was taken back. */
export interface Withdrawn extends Reopened {
  readonly point: SuspectPoint;
  /** Held days that were stored because the point was, and are held again. */
  readonly following: readonly number[];
}

/**
 * Takes the decision about a point back: it is held again. An accepted one is stored no more, and what bought or was
 * valued on it is reopened with the reason; the days that its release let in are held again with it.
 * @returns why that is not possible, as a sentence
 */
export async function withdrawDecision(
  tx: Tx,
  decided: SuspectPoint,
  { reason, by, at }: { reason: string; by: string; at: Date },
): Promise<Withdrawn | string> {
  if (decided.kind === "contribution" && decided.contributionId === null) {
    return "the contribution was deleted when it was rejected: add it again";
  }
  const isStored = decided.state === "accepted";
  const following = isStored ? await lockReleasedWith(tx, decided, followingResolution(decided)) : [];
  const sum = { days: 0, pensions: 0 };
  for (const point of isStored ? [decided, ...following] : []) {
    const why = point === decided ? reason : `the release of ${decided.date} was withdrawn: ${reason}`;
    const { days, pensions } = await takeBack(tx, point, { reason: `${point.date}: ${why}`, at });
    sum.days += days;
    sum.pensions = Math.max(sum.pensions, pensions);
  }
  for (const { id } of following) await holdOrReject(tx, id, { by, at });
  const point = await holdOrReject(tx, decided.id, { by, at });
  return { ...sum, point, following: following.map(({ id }) => id) };
}

/** In a savepoint: a synchronisation may be storing another held value of the day. */
async function holdOrReject(tx: Tx, id: number, withdrawal: { by: string; at: Date }): Promise<SuspectPoint> {
  try {
    return await tx.transaction((savepoint) => holdAgain(savepoint, id));
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    return rejectWithdrawn(tx, id, withdrawal);
  }
}

/** Removes an accepted value, unless the source has corrected it since, and reopens what used it. */
async function takeBack(
  tx: Tx,
  { kind, subject, etfId, contributionId, date, value, source }: SuspectPoint,
  reopening: { reason: string; at: Date },
): Promise<Reopened> {
  if (kind === "contribution") {
    const reopened = await reopenValuesOfContribution(tx, { ...reopening, contributionId: contributionId! });
    await holdContribution(tx, contributionId!);
    return reopened;
  }
  if (kind === "rate") {
    if (!(await deleteRate(tx, { quote: subject, date, rate: value, source }))) return NOTHING;
    const to = addDays(targetDayAfter(date), -1);
    return reopenValuesOfRate(tx, { ...reopening, quote: subject, from: date, to });
  }
  if (!(await withdrawPrice(tx, { etfId: etfId!, date, close: value }))) return NOTHING;
  return reopenValuesOfPrices(tx, { ...reopening, etfId: etfId!, dates: [date] });
}

const NOTHING: Reopened = { pensions: 0, days: 0 };
