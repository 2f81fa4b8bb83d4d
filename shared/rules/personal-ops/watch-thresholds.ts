/** When the watchers report something. */
export interface WatchThresholds {
  /** Failures of one action in half an hour. */
  readonly failures: number;
  /** Shares of a rate limit or quota, from 0 to 1. */
  readonly bucketInfo: number;
  readonly bucketWarn: number;
  /** How many times the usual calls. */
  readonly volumeFactor: number;
  /** Fewer calls in an hour are never reported. */
  readonly volumeLeast: number;
  /** Mean milliseconds of a transaction. */
  readonly databaseMs: number;
}

/** Something that a watcher reports. */
export interface WatchFinding {
  readonly type: "action_failures" | "rate_limit_use" | "call_volume" | "slow_database";
  readonly key: string;
  readonly severity: "INFO" | "WARN";
  readonly title: string;
  readonly detail: string;
}

/** An action that failed at least `failures` times in half an hour: WARN. */
export function judgeFailures(
  { action, failures, error }: { readonly action: string; readonly failures: number; readonly error: string },
  { failures: least }: WatchThresholds,
): WatchFinding[] {
  if (failures < least) return [];
  const title = `${action} failed ${failures} times in 30 minutes`;
  return [{ type: "action_failures", key: action, severity: "WARN", title, detail: `The last failure: ${error}` }];
}

/** A rate limit or quota of which much is used: INFO, or WARN when little is left. */
export function judgeBucket(
  { provider, name, share }: { readonly provider: string; readonly name: string; readonly share: number },
  { bucketInfo, bucketWarn }: WatchThresholds,
): WatchFinding[] {
  if (share < bucketInfo) return [];
  const percent = Math.floor(share * 100);
  return [
    {
      type: "rate_limit_use",
      key: `${provider} ${name}`,
      severity: share >= bucketWarn ? "WARN" : "INFO",
      title: `${percent} % of the limit ${name} of ${provider} is used`,
      detail: "Calls beyond the limit wait.",
    },
  ];
}

/**
 * Calls of an hour that are at least `volumeFactor` times what is usual: INFO, or WARN from twice as much on. Usual is
 * the mean of the same hour of four weeks; without it, the hourly mean of the day before; without both, nothing.
 */
export function judgeVolume(
  {
    provider,
    calls,
    weekly,
    daily,
  }: {
    readonly provider: string;
    readonly calls: number;
    readonly weekly: number | null;
    readonly daily: number | null;
  },
  { volumeFactor, volumeLeast }: WatchThresholds,
): WatchFinding[] {
  const usual = weekly ?? daily;
  if (usual === null || calls < volumeLeast || calls < usual * volumeFactor) return [];
  const baseline = weekly === null ? "the hourly mean of the day before" : "the mean of this hour of four weeks";
  return [
    {
      type: "call_volume",
      key: provider,
      severity: calls >= usual * volumeFactor * 2 ? "WARN" : "INFO",
      title: `${provider} was called ${calls} times in an hour, ${(calls / usual).toFixed(1)} times as often as usual`,
      detail: `Usual is ${usual.toFixed(1)}: ${baseline}.`,
    },
  ];
}

/** Counters of the database at an instant. */
export interface CountedAt {
  readonly at: Date;
  readonly activeMs: number;
  readonly transactions: number;
}

/** The counters before are used up to this age. */
const LONGEST_GAP_MS = 15 * 60_000;

/**
 * Milliseconds that the database worked for one transaction, on the mean, between two looks at its counters. Null
 * when there is nothing to compare with: no earlier look, one that is too old, or counters that were reset.
 */
export function meanResponseMs(before: CountedAt | undefined, now: CountedAt): number | null {
  if (!before || now.at.getTime() - before.at.getTime() > LONGEST_GAP_MS) return null;
  const [activeMs, transactions] = [now.activeMs - before.activeMs, now.transactions - before.transactions];
  return activeMs < 0 || transactions <= 0 ? null : activeMs / transactions;
}

/** A mean response above the limit: WARN. */
export function judgeResponse(meanMs: number | null, { databaseMs }: WatchThresholds): WatchFinding[] {
  if (meanMs === null || meanMs <= databaseMs) return [];
  const title = `The database takes ${Math.round(meanMs)} ms for a transaction`;
  const detail = `The mean since the last look, about five minutes ago; the limit is ${databaseMs} ms.`;
  return [{ type: "slow_database", key: "database", severity: "WARN", title, detail }];
}
