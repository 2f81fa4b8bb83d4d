import { eq, sql } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { dateOf } from "../sql-instant.ts";
import {
  apiCalls,
  type ProviderState,
  providerStates,
  type RateLimitBucket,
  rateLimitBuckets,
} from "./provider-schema.ts";

/** The calls of a provider in a range of time. */
export interface CallSums {
  readonly calls: number;
  readonly errors: number;
  readonly limited: number;
  readonly refused: number;
  readonly durationMs: number;
  readonly microcents: number;
}

const NO_CALLS: CallSums = { calls: 0, errors: 0, limited: 0, refused: 0, durationMs: 0, microcents: 0 };

/** A limit with its use. */
export interface BucketUse extends Omit<RateLimitBucket, "recent"> {
  /** The use of the limit in its period, from 0: for a rate the higher one of the last two periods of five minutes. */
  readonly share: number;
  /** When the period of a quota ends; null for a rate. */
  readonly endsAt: Date | null;
}

/** Every limit with its use now, of all providers or of one. */
export async function bucketUses(db: Executor, now: Date, provider?: string): Promise<BucketUse[]> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const rows = await db.execute<Record<string, string | number | null> & { kind: "rate" | "quota" }>(sql`
    select b.provider, b.name, b.kind, b.max_calls, b.period_ms, b.resets, b.zone, w.start,
           case when b.window_start >= w.start then b.used else 0 end as used,
           case when b.window_start >= w.start then b.used_before
                when b.window_start >= w.start - interval '5 minutes' or b.kind = 'quota' then b.used else 0 end as used_before,
           w.ends
      from ${rateLimitBuckets} b,
           lateral (select case when b.kind = 'quota' then date_trunc(b.resets, ${at}, b.zone)
                                else date_bin('5 minutes', ${at}, 'epoch') end as start,
                           case when b.kind = 'quota'
                                then (date_trunc(b.resets, ${at} at time zone b.zone) + ('1 ' || b.resets)::interval) at time zone b.zone
                           end as ends) w
     where ${provider === undefined ? sql`true` : sql`b.provider = ${provider}`}
     order by b.provider, b.name`);
  return rows.map((row) => {
    const [maxCalls, used, usedBefore] = [Number(row.max_calls), Number(row.used), Number(row.used_before)];
    const periodMs = row.period_ms === null ? null : Number(row.period_ms);
    const allowed = periodMs === null ? maxCalls : (maxCalls * 300_000) / periodMs;
    return {
      provider: String(row.provider),
      name: String(row.name),
      kind: row.kind,
      maxCalls,
      periodMs,
      resets: row.resets as "day" | "month" | null,
      zone: String(row.zone),
      windowStart: dateOf(row.start)!,
      used,
      usedBefore,
      share: (periodMs === null ? used : Math.max(used, usedBefore)) / allowed,
      endsAt: dateOf(row.ends),
    };
  });
}

/** The circuit breakers of all called providers, or of one. */
export async function listProviderStates(db: Executor, provider?: string): Promise<ProviderState[]> {
  const where = provider === undefined ? undefined : eq(providerStates.provider, provider);
  return db.select().from(providerStates).where(where).orderBy(providerStates.provider);
}

/** The calls of each provider from an instant to another. */
export async function callSums(db: Executor, from: Date, to: Date): Promise<ReadonlyMap<string, CallSums>> {
  const rows = await db
    .select({
      provider: apiCalls.provider,
      calls: sql`sum(${apiCalls.calls})`.mapWith(Number),
      errors: sql`sum(${apiCalls.errors})`.mapWith(Number),
      limited: sql`sum(${apiCalls.limited})`.mapWith(Number),
      refused: sql`sum(${apiCalls.refused})`.mapWith(Number),
      durationMs: sql`sum(${apiCalls.durationMs})`.mapWith(Number),
      microcents: sql`sum(${apiCalls.microcents})`.mapWith(Number),
    })
    .from(apiCalls)
    .where(
      sql`${apiCalls.minute} >= ${from.toISOString()}::timestamptz and ${apiCalls.minute} < ${to.toISOString()}::timestamptz`,
    )
    .groupBy(apiCalls.provider);
  return new Map(rows.map(({ provider, ...sums }) => [provider, { ...NO_CALLS, ...sums }]));
}

/** The sums of a provider without calls. */
export function noCalls(): CallSums {
  return NO_CALLS;
}
