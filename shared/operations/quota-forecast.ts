/** What is known of the use of a quota. */
export interface QuotaUse {
  readonly maxCalls: number;
  readonly used: number;
  readonly windowStart: Date;
  readonly endsAt: Date;
  /** Calls of the last hour. */
  readonly lastHour: number;
}

/** An hour is long enough for jobs that run every half hour. */
const PACE_MS = 3_600_000;

/**
 * When a quota is exhausted at the pace of the last hour, or of its period where that is shorter. Null: not before it
 * ends. Now or earlier: it is exhausted. Pure.
 */
export function exhaustedAt({ maxCalls, used, windowStart, endsAt, lastHour }: QuotaUse, now: Date): Date | null {
  const left = maxCalls - used;
  if (left <= 0) return now;
  const sinceStart = Math.max(1, now.getTime() - windowStart.getTime());
  const perMs = sinceStart < PACE_MS ? used / sinceStart : lastHour / PACE_MS;
  if (perMs === 0) return null;
  const at = new Date(now.getTime() + left / perMs);
  return at < endsAt ? at : null;
}
