import { type CivilDate, daysBetween } from "../civil-date.ts";
import { type Limits, plausibleRatio } from "./plausibility-limits.ts";
import { ratio } from "./ratio.ts";

/**
 * Why a point is held back.
 * - `not-positive`: a price or rate of zero or below does not exist
 * - `pence-and-pounds`: 100 times the neighbours or a hundredth: two units of one currency are mixed
 * - `decimal-shift`: another power of ten
 * - `unstated-split`: a whole ratio, as by a split that no source states
 * - `spike`: both neighbours agree with each other and not with the point
 * - `jump`: a new level that no following point confirms yet
 * - `other-fields`: the close contradicts the other prices of its day
 * - `another-series`: digit for digit the value of another ETF or currency of that day or the day before
 */
export type PlausibilityRule =
  | "not-positive"
  | "pence-and-pounds"
  | "decimal-shift"
  | "unstated-split"
  | "spike"
  | "jump"
  | "other-fields"
  | "another-series";

/** One day of a series. */
export interface SeriesValue {
  readonly date: CivilDate;
  /** As the source printed it. */
  readonly value: string;
  /** `known`: stored by an earlier answer. `decided`: a person or later answers accepted it as it is. */
  readonly trust?: "known" | "decided" | undefined;
  /** The contradiction of the day's other prices with the close, as a sentence. */
  readonly contradiction?: string | undefined;
}

/** The judgement of one day. */
export type Verdict =
  | {
      readonly isHeld: false;
      /** Why a jump is plausible; null without a jump. */ readonly confirmation: string | null;
    }
  | {
      readonly isHeld: true;
      readonly rule: PlausibilityRule;
      readonly reason: string;
      readonly expected: string | null;
    };

/** What a series is called in sentences, and how other series moved. */
export interface SeriesContext {
  readonly limits: Limits;
  /** `close` or `rate`. */
  readonly what: string;
  /** The median ratio of the other series to their day before: a hint of a market move. Default: none is known. */
  readonly market?: ((date: CivilDate) => number | undefined) | undefined;
  /** The series that has this value on the date or the day before it. Asked for jumps only. Default: none is known. */
  readonly sameAs?: ((point: SeriesValue) => string | undefined) | undefined;
}

/** A jump below this ratio is confirmed by one following point at the new level, a larger one by three. */
const LARGE_JUMP = 1.9;
/**
 * The part of a jump that a following point keeps when it confirms it; a wrong point is followed by none of its jump.
 */
const [LEAST_KEPT, MOST_KEPT] = [0.4, 2];
/** The start of a series is judged by the median of its first days. */
const START_DAYS = 7;
/** A contradiction within a day counts when the close has moved by more than this ratio. */
const SMALL_MOVE = 1.03;
/** A market that moves further is no market move: a source mixes units in all of its series. */
const WIDEST_MARKET = 1.5;
const PLAUSIBLE: Verdict = { isHeld: false, confirmation: null };

/**
 * Judges the days of one series, oldest first. Each is compared with the last plausible day before it. A day beyond the
 * limit is accepted when the following days stay at its level: one for a jump below 1.9, three for a larger one. The
 * last day has no following day, so a jump waits for the next one. A power of ten or a whole ratio is never confirmed
 * by the same source, and neither is the value of another series: the source corrects it, or a person decides.
 */
export function judgeSeries(
  points: readonly SeriesValue[],
  { limits, what, market = () => undefined, sameAs = () => undefined }: SeriesContext,
): Verdict[] {
  const values = points.map(({ value }) => Number(value));
  const moves: number[] = [];
  let level = startOf(points, values);
  return points.map((point, index) => {
    const value = values[index]!;
    const { trust } = point;
    if (trust === "decided") {
      level = { date: point.date, value, text: point.value };
      return PLAUSIBLE;
    }
    if (!(value > 0)) return held("not-positive", `${what} ${point.value} is not above zero`, level?.text);
    if (level === undefined) return PLAUSIBLE;
    const isNear = ratio(value, level.value) <= limits.daily || isPlausibleMove(point, value, level);
    const verdict = isNear ? contradictionOf(point, value, level, what) : jumpAt(index, level);
    // A day that is known is trusted, unless it is in another unit than the days around it.
    if (verdict.isHeld && (trust === undefined || isUnit(verdict.rule))) return verdict;
    if (isNear) moves.push(Math.log(value / level.value));
    level = { date: point.date, value, text: point.value };
    return trust === undefined ? verdict : PLAUSIBLE;
  });

  function limitAt(date: CivilDate, from: Level): number {
    return plausibleRatio(limits, moves, daysBetween(from.date, date));
  }

  function isPlausibleMove({ date }: SeriesValue, value: number, from: Level): boolean {
    const limit = limitAt(date, from);
    const hint = market(date);
    const isHint = hint !== undefined && ratio(hint, 1) <= WIDEST_MARKET;
    return ratio(value, from.value) <= limit || (isHint && ratio(value, from.value * hint) <= limits.daily);
  }

  function jumpAt(index: number, from: Level): Verdict {
    const point = points[index]!;
    const limit = limitAt(point.date, from);
    const size = ratio(values[index]!, from.value);
    const factor = factorOf(values[index]! / from.value, limit, limits.canSplit);
    const following = followers(index, from.value);
    const next = values[index + 1];
    const isAlone = next !== undefined && next > 0 && ratio(next, from.value) <= limit;
    const needed = size < LARGE_JUMP ? 1 : 3;
    const other = sameAs(point);
    if (other !== undefined) {
      return held("another-series", `${what} ${point.value} after ${from.text} is that of ${other}`, from.text);
    }
    if (factor === undefined && following >= needed) {
      const confirmation = `${what} ${point.value} after ${from.text}: ${following === 1 ? "the next day confirms" : "the following days confirm"} the new level`;
      return { isHeld: false, confirmation };
    }
    // A known day that only starts a new level stays: the days after it decide.
    if (point.trust === "known" && !isAlone && following > 0) return PLAUSIBLE;
    const neighbours = isAlone
      ? `both neighbours (${from.text}, ${points[index + 1]!.value})`
      : `the day before (${from.text})`;
    const distance = `${what} ${point.value} is ${times(values[index]! / from.value)} ${neighbours}`;
    if (factor) return held(factor.rule, `${distance}: ${factor.meaning}`, from.text);
    if (isAlone) return held("spike", `${distance}, which agree with each other`, from.text);
    const waits = needed === 1 ? "the next day has to confirm it" : "three following days have to confirm it";
    return held("jump", `${distance}: ${waits}`, from.text);
  }

  /** The number of following days, at most three, that keep the move of a day. */
  function followers(index: number, before: number): number {
    const move = Math.log(values[index]! / before);
    let count = 0;
    for (let at = index + 1; at < values.length && count < 3; at += 1) {
      const kept = values[at]! > 0 ? Math.log(values[at]! / before) / move : 0;
      if (kept < LEAST_KEPT || kept > MOST_KEPT) break;
      count += 1;
    }
    return count;
  }
}

interface Level {
  readonly date: CivilDate;
  readonly value: number;
  readonly text: string;
}

/** The level at which a series begins: the median of its first days, so that a wrong first day is seen. */
function startOf(points: readonly SeriesValue[], values: readonly number[]): Level | undefined {
  const first = points
    .slice(0, START_DAYS)
    .map(({ date, value: text }, index) => ({ date, text, value: values[index]! }))
    .filter(({ value }) => value > 0);
  if (first.length < 3) return first[0];
  const median = first.toSorted((a, b) => a.value - b.value)[(first.length - 1) >> 1]!;
  return { ...median, date: first[0]!.date };
}

function contradictionOf(point: SeriesValue, value: number, level: Level, what: string): Verdict {
  if (point.contradiction === undefined || ratio(value, level.value) <= SMALL_MOVE) return PLAUSIBLE;
  return held("other-fields", `${what} ${point.value} after ${level.text}: ${point.contradiction}`, level.text);
}

/** The change of unit that a ratio looks like. */
function factorOf(
  quotient: number,
  limit: number,
  canSplit: boolean,
): { readonly rule: PlausibilityRule; readonly meaning: string } | undefined {
  const size = quotient < 1 ? 1 / quotient : quotient;
  const tens = Math.round(Math.log10(size));
  if (tens >= 1 && ratio(size, 10 ** tens) <= Math.min(limit, WIDEST_MARKET)) {
    if (tens === 2) return { rule: "pence-and-pounds", meaning: "pence and pounds are mixed" };
    const split = canSplit && tens === 1 ? ", or a split that is not stated" : "";
    return { rule: "decimal-shift", meaning: `the decimal point is shifted by ${tens}${split}` };
  }
  const whole = Math.round(size);
  if (canSplit && whole >= 2 && whole <= MOST_SHARES && ratio(size, whole) <= SPLIT_PRECISION) {
    const split = quotient < 1 ? `${whole} for 1` : `1 for ${whole}`;
    return { rule: "unstated-split", meaning: `as by a split of ${split} that no source states` };
  }
  return undefined;
}

const MOST_SHARES = 50;
const SPLIT_PRECISION = 1.03;

function isUnit(rule: PlausibilityRule): boolean {
  return rule === "pence-and-pounds" || rule === "decimal-shift";
}

function held(rule: PlausibilityRule, reason: string, expected: string | undefined): Verdict {
  return { isHeld: true, rule, reason, expected: expected ?? null };
}

function times(quotient: number): string {
  const [size, side] = quotient < 1 ? [1 / quotient, "below"] : [quotient, "above"];
  if (size < LARGE_JUMP) return `${Math.round(Math.abs(quotient - 1) * 100)} % ${side}`;
  return `${size >= 10 ? Math.round(size) : Number(size.toFixed(1))} times ${side}`;
}
