import type { CivilDate } from "../civil-date.ts";
import { SAME_SCALE } from "./price-series.ts";
import { ratio } from "./ratio.ts";

interface Close {
  readonly date: CivilDate;
  readonly close: string;
}

/** How a fetched series differs from the stored one. */
export interface SeriesChanges {
  /** Stored closes that were wrong: the series has the same scale, and these days differ by more than a correction. */
  readonly corrected: readonly CivilDate[];
  /**
   * The first stored day that already had the new scale while earlier days were stored at the old one. Null when no
   * stored day mixed them.
   */
  readonly newScaleSince: CivilDate | null;
  /** The old scale divided by the new one: 10 after a split of ten for one; 1 without a change. */
  readonly scale: number;
}

const DAYS_OF_START = 3;

/** Compares a raw series with the stored one, both oldest first. */
export function seriesChanges(stored: readonly Close[], fetched: readonly Close[]): SeriesChanges {
  const now = new Map(fetched.map(({ date, close }) => [date, Number(close)]));
  const common = stored.flatMap(({ date, close }) => {
    const fetchedClose = now.get(date);
    return fetchedClose === undefined ? [] : [{ date, quotient: Number(close) / fetchedClose }];
  });
  const first = common
    .slice(0, DAYS_OF_START)
    .map(({ quotient }) => quotient)
    .sort((a, b) => a - b);
  const scale = first[(first.length - 1) >> 1] ?? 1;
  if (isSame(scale, 1)) {
    const corrected = common.filter(({ quotient }) => !isSame(quotient, 1)).map(({ date }) => date);
    return { corrected, newScaleSince: null, scale: 1 };
  }
  const last = common.findLastIndex(({ quotient }) => isSame(quotient, scale));
  return { corrected: [], newScaleSince: common[last + 1]?.date ?? null, scale };
}

function isSame(one: number, other: number): boolean {
  return ratio(one, other) <= SAME_SCALE.raw;
}
