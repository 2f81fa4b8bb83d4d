import { type SQL, sql } from "drizzle-orm";
import type { Db, Executor } from "../client.ts";
import { dateOf } from "../sql-instant.ts";
import { apiCalls, type BreakerState, providerStates, rateLimitBuckets } from "./provider-schema.ts";

/** A process that ends during its probe blocks the next one no longer than this. Calls of jobs end before. */
const PROBE_LEASE = sql`interval '5 minutes'`;
/** How long a breaker stays half open. */
const RAMP = sql`interval '2 minutes'`;
/** The longest `Retry-After` that counts. */
const LONGEST_ASKED = sql`interval '1 hour'`;
/** Longer than each delay of a probe: a later time was written by a clock that was ahead. */
const LONGEST_DELAY = sql`interval '2 hours'`;
/** Refused calls return within this time, one after another. */
const SPREAD = sql`interval '10 minutes'`;
/** Those that an open breaker refuses: its recovery wakes them earlier. */
const OUTAGE_SPREAD = sql`interval '30 minutes'`;
/** Until an operator closes a breaker, its runs look for it this often: `close` wakes them earlier. */
const OPERATOR_WAIT = sql`interval '5 minutes'`;

/** Times are the database's: all processes share them, whatever their own clocks show. A test passes a time. */
function clock(now: Date | null): SQL {
  return sql`clock as materialized (
    select coalesce(${now?.toISOString() ?? null}::timestamptz, clock_timestamp())::timestamptz(3) as now)`;
}

/** A stored time; now, where a clock that was ahead wrote it. */
function notAhead(time: SQL, now: SQL, longest: SQL): SQL {
  return sql`case when ${time} > ${now} + ${longest} then ${now} else ${time} end`;
}

export interface CallRequest {
  readonly provider: string;
  /** Names of the buckets that the call takes from. */
  readonly buckets: readonly string[];
  /** Names this call, for its probe. */
  readonly holder: string;
  /** The longest wait in place. */
  readonly horizonMs: number;
  /** Yields to other work: it leaves the last part of a quota, and waits while a breaker is half open. */
  readonly isLow: boolean;
  /** Null: the database's clock. */
  readonly now: Date | null;
}

export interface CallGrant {
  readonly now: Date;
  /** Milliseconds until the call may start; null: it is refused. */
  readonly waitMs: number | null;
  /** Milliseconds after which a refused call is tried again. */
  readonly retryMs: number;
  readonly state: BreakerState;
  readonly openedAt: Date | null;
  readonly openedBy: string | null;
  readonly reason: string | null;
  readonly failingSince: Date | null;
  readonly nextProbeAt: Date | null;
  readonly failures: number;
  readonly isProbe: boolean;
  /** Whether the breaker can close: its ramp is over. */
  readonly isRampOver: boolean;
  /** The limit that refuses it; null where the breaker or a `Retry-After` does. */
  readonly limit: { readonly name: string; readonly kind: "rate" | "quota" } | null;
}

/**
 * Asks for one call, in one statement: it takes from all buckets or from none, takes the probe of an open breaker, or
 * gets a time at which the call is tried again. Undefined for a provider that `registerProvider` does not know.
 */
export async function beginCall(db: Db, request: CallRequest): Promise<CallGrant | undefined> {
  const { provider, buckets, holder, horizonMs, isLow, now } = request;
  const horizon = sql`${horizonMs}::float8 * interval '1 millisecond'`;
  const interval = (since: SQL, at: SQL) =>
    sql`interval '1 second' / power(2, least(extract(epoch from ${at} - ${since}), 120) / 15)`;
  const isRamping = sql`s.state = 'half_open' and f.now between s.recovering_since and s.recovering_since + ${RAMP}`;
  const [row] = await db.execute<GrantRow>(sql`
    with ${clock(now)},
    -- Locked before anything is taken, so that a call takes from all of its buckets or from none.
    bucket as materialized (
      select b.name, b.kind, b.max_calls, b.period_ms, w.start as window_start,
             case when b.kind = 'rate'
                  -- A start that is further ahead than any reservation was written by a clock that was ahead.
                  then coalesce((select t + b.period_ms * interval '1 millisecond' from unnest(b.recent) t
                                  where t <= clock.now + interval '10 seconds'
                                  order by t desc offset b.max_calls - 1 limit 1), clock.now)
                  when b.window_start < w.start or b.used < b.max_calls * ${isLow ? 0.8 : 1}::float8 then clock.now
                  else w.ends end as free_at
        from clock, ${rateLimitBuckets} b,
             lateral (select case when b.kind = 'quota' then date_trunc(b.resets, clock.now, b.zone)
                                  else date_bin('5 minutes', clock.now, 'epoch') end as start,
                             case when b.kind = 'quota'
                                  then (date_trunc(b.resets, clock.now at time zone b.zone) + ('1 ' || b.resets)::interval) at time zone b.zone
                             end as ends) w
       where b.provider = ${provider} and b.name = any(${`{${buckets.map((name) => `"${name}"`).join(",")}}`}::text[])
       order by b.name
         for update of b
    ),
    fact as materialized (
      select clock.now, s.state, s.opened_at, s.opened_by, s.reason, s.failing_since, s.failures, s.recovering_since,
             ${notAhead(sql`s.next_probe_at`, sql`clock.now`, LONGEST_DELAY)} as next_probe_at,
             s.ramp_next_at, s.probe_expires_at,
             limit_of.spacing,
             case when limit_of.free_at > clock.now + ${horizon} then limit_of.name end as limit_name,
             case when limit_of.free_at > clock.now + ${horizon} then limit_of.kind end as limit_kind,
             greatest(clock.now, limit_of.free_at, ${notAhead(sql`s.limited_until`, sql`clock.now`, LONGEST_ASKED)}) as free_at
        from clock join ${providerStates} s on s.provider = ${provider}
        left join lateral (
             select name, kind, free_at, coalesce(period_ms::float8 / max_calls, 1000) * interval '1 millisecond' as spacing
               from bucket order by free_at desc limit 1) limit_of on true
    ),
    -- One conditional update: of all processes that find the probe due, one gets the row.
    probe as (
      update ${providerStates} s set probe_holder = ${holder}, probe_expires_at = f.now + ${PROBE_LEASE}
        from fact f
       where s.provider = ${provider} and s.state = 'open' and s.opened_by is null and f.free_at <= f.now + ${horizon}
         and ${notAhead(sql`s.next_probe_at`, sql`f.now`, LONGEST_DELAY)} <= f.now
         and (s.probe_expires_at is null or s.probe_expires_at not between f.now and f.now + ${PROBE_LEASE})
      returning s.provider
    ),
    ramp as (
      update ${providerStates} s
         set ramp_next_at = greatest(f.now, ${notAhead(sql`s.ramp_next_at`, sql`f.now`, RAMP)}) + ${interval(sql`s.recovering_since`, sql`f.now`)}
        from fact f
       where s.provider = ${provider} and ${isRamping} and ${!isLow} and f.free_at <= f.now + ${horizon}
         and ${notAhead(sql`s.ramp_next_at`, sql`f.now`, RAMP)} <= f.now + ${horizon}
      returning s.ramp_next_at - ${interval(sql`s.recovering_since`, sql`f.now`)} as start_at
    ),
    verdict as materialized (
      select f.*, s.is_ramp_over, (select true from probe) as is_probe,
             case when f.free_at > f.now + ${horizon} then null
                  when f.state = 'closed' or s.is_ramp_over or exists (select from probe) then f.free_at
                  else (select greatest(f.free_at, start_at) from ramp) end as start_at,
             case when f.free_at > f.now + ${horizon} then f.free_at
                  when f.opened_by is not null then f.now + ${OPERATOR_WAIT}
                  -- A probe is under way, or due: the next call a few seconds later meets its result.
                  when f.state = 'open' then greatest(f.next_probe_at, f.now + interval '5 seconds')
                  else greatest(f.ramp_next_at, case when ${isLow} then f.recovering_since + ${RAMP} end) end as base
        from fact f, lateral (
             select f.state = 'half_open' and f.now not between f.recovering_since and f.recovering_since + ${RAMP} as is_ramp_over) s
    ),
    charged as (
      update ${rateLimitBuckets} b
         set used = case when b.window_start >= w.window_start then b.used else 0 end + 1,
             used_before = case when b.window_start >= w.window_start then b.used_before
                                when b.window_start >= w.window_start - interval '5 minutes' or b.kind = 'quota' then b.used
                                else 0 end,
             window_start = w.window_start,
             recent = case when b.kind = 'rate' then array(
               select t from unnest(b.recent || v.start_at) t where t <= v.now + interval '10 seconds'
                order by t desc limit b.max_calls) else b.recent end
        from bucket w, verdict v
       where b.provider = ${provider} and b.name = w.name and v.start_at is not null
    ),
    refused as (
      update ${providerStates} s
         set refused_until = case when s.refused_until between v.base and v.base + case when v.state = 'open' then ${OUTAGE_SPREAD} else ${SPREAD} end then s.refused_until else v.base end
                           + case when v.free_at > v.now + ${horizon} then coalesce(v.spacing, interval '1 second')
                                  when v.state = 'open' then interval '1 second' else interval '100 milliseconds' end
        from verdict v
       where s.provider = ${provider} and v.start_at is null
      returning s.refused_until
    )
    select v.now, v.state, v.opened_at, v.opened_by, v.reason, v.failing_since, v.next_probe_at, v.failures, v.is_ramp_over,
           v.is_probe, v.limit_kind, v.limit_name,
           extract(epoch from v.start_at - v.now) * 1000 as wait_ms,
           extract(epoch from r.refused_until - v.now) * 1000 as retry_ms
      from verdict v left join refused r on true`);
  return row && grantOf(row);
}

type GrantRow = Record<"now" | "opened_at" | "failing_since" | "next_probe_at", string | null> & {
  readonly state: BreakerState;
  readonly opened_by: string | null;
  readonly reason: string | null;
  readonly failures: number;
  readonly is_ramp_over: boolean;
  readonly is_probe: boolean | null;
  readonly limit_kind: "rate" | "quota" | null;
  readonly limit_name: string | null;
  readonly wait_ms: string | null;
  readonly retry_ms: string | null;
};

function grantOf(row: GrantRow): CallGrant {
  const { state, reason, failures, limit_kind: kind, limit_name: name } = row;
  return {
    now: dateOf(row.now)!,
    waitMs: row.wait_ms === null ? null : Math.max(0, Number(row.wait_ms)),
    retryMs: Math.max(0, Number(row.retry_ms ?? 0)),
    state,
    openedAt: dateOf(row.opened_at),
    openedBy: row.opened_by,
    reason,
    failingSince: dateOf(row.failing_since),
    nextProbeAt: dateOf(row.next_probe_at),
    failures,
    isProbe: row.is_probe === true,
    isRampOver: row.is_ramp_over,
    limit: kind && name !== null ? { name, kind } : null,
  };
}

/** One limit of a provider. */
export type BucketLimit = { readonly name: string; readonly maxCalls: number } & (
  | { readonly kind: "rate"; readonly periodMs: number }
  | { readonly kind: "quota"; readonly resets: "day" | "month"; readonly zone: string }
);

/** Makes the rows of a provider. The name of a limit has its numbers: other settings make other rows. */
export async function registerProvider(db: Executor, provider: string, limits: readonly BucketLimit[]): Promise<void> {
  await db.insert(providerStates).values({ provider }).onConflictDoNothing();
  if (limits.length === 0) return;
  const rows = limits.map((limit) => ({ provider, windowStart: new Date(0), ...limit }));
  await db.insert(rateLimitBuckets).values(rows).onConflictDoNothing();
}

/** The calls of one provider in one minute. */
export interface CallCounts {
  readonly provider: string;
  readonly minute: Date;
  readonly calls: number;
  readonly errors: number;
  readonly limited: number;
  readonly refused: number;
  readonly durationMs: number;
  readonly microcents: number;
}

/** Adds calls to the counts of their minutes. */
export async function addCalls(db: Executor, counts: readonly CallCounts[]): Promise<void> {
  if (counts.length === 0) return;
  const plus = (name: string) => sql.raw(`${name} = api_calls.${name} + excluded.${name}`);
  const sums = ["calls", "errors", "limited", "refused", "duration_ms", "microcents"].map(plus);
  // In one order, so that two processes do not wait for each other.
  const rows = counts.toSorted((a, b) => a.minute.getTime() - b.minute.getTime() || (a.provider < b.provider ? -1 : 1));
  await db.execute(sql`
    insert into ${apiCalls} as api_calls (provider, minute, calls, errors, limited, refused, duration_ms, microcents)
    select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
        as f(provider text, minute timestamptz, calls bigint, errors bigint, limited bigint, refused bigint, "durationMs" bigint, microcents bigint)
    on conflict (minute, provider) do update set ${sql.join(sums, sql`, `)}`);
}

/** Deletes the counts of minutes before an instant, oldest first. @returns how many */
export async function deleteOldCalls(tx: Executor, before: Date, limit: number): Promise<number> {
  const [row] = await tx.execute<{ count: number }>(sql`
    with gone as (
      delete from ${apiCalls} where (minute, provider) in (
        select minute, provider from ${apiCalls} where minute < ${before.toISOString()}::timestamptz
         order by minute, provider limit ${limit} for update skip locked)
      returning 1)
    select count(*)::integer as count from gone`);
  return row!.count;
}
