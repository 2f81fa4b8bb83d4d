/** Time windows of charts, each with the length of one point: 30 to 96 points. */
export const WINDOWS = {
  "1h": { lengthMs: 3_600_000, bucketMs: 60_000 },
  "6h": { lengthMs: 21_600_000, bucketMs: 300_000 },
  "24h": { lengthMs: 86_400_000, bucketMs: 900_000 },
  "7d": { lengthMs: 604_800_000, bucketMs: 7_200_000 },
  "30d": { lengthMs: 2_592_000_000, bucketMs: 86_400_000 },
  "90d": { lengthMs: 7_776_000_000, bucketMs: 86_400_000 },
} as const;

/** Name of a window. */
export type WindowName = keyof typeof WINDOWS;

/** The time axis of a chart. */
export interface Axis {
  readonly from: Date;
  readonly bucketMs: number;
  readonly count: number;
}

/** The points of a window: whole multiples of their length since 1970 in UTC; the last one contains `now`. */
export function axisOf(window: WindowName, now: Date): Axis {
  const { lengthMs, bucketMs } = WINDOWS[window];
  const count = lengthMs / bucketMs;
  const last = Math.floor(now.getTime() / bucketMs) * bucketMs;
  return { from: new Date(last - (count - 1) * bucketMs), bucketMs, count };
}

const COUNTED = ["runs", "succeeded", "dead", "skipped", "cancelled", "itemFailures"] as const;

type Counted = (typeof COUNTED)[number];
/** One number per point. */
export type Series = Readonly<Record<Counted, readonly number[]>>;

/** Sums rows into series by name, with 0 where there are none. The result has every one of `names`. */
export function seriesBy<Row extends Readonly<Record<Counted | "bucket", number>>>(
  rows: readonly Row[],
  { count, names, nameOf }: { count: number; names: Iterable<string>; nameOf: (row: Row) => string },
): Record<string, Series> {
  const all = new Map([...names].map((name) => [name, empty(count)]));
  for (const row of rows) {
    const series = all.get(nameOf(row)) ?? empty(count);
    all.set(nameOf(row), series);
    for (const counted of COUNTED) if (row.bucket in series[counted]) series[counted][row.bucket]! += row[counted];
  }
  return Object.fromEntries(all);
}

function empty(count: number): Record<Counted, number[]> {
  return Object.fromEntries(COUNTED.map((counted) => [counted, Array<number>(count).fill(0)])) as Record<
    Counted,
    number[]
  >;
}
