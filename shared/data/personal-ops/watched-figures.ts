import { sql } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { at } from "../sql-instant.ts";

export interface BucketUse {
  readonly provider: string;
  /** The limit as the settings write it: `3/1s`. */
  readonly name: string;
  /** The used share of the limit: of a quota in its period, of a rate in five minutes. */
  readonly share: number;
}

/** The rate limits and quotas of which at least a share is used, now or in the five minutes before these. */
export async function listUsedBuckets(db: Executor, least: number, now: Date): Promise<BucketUse[]> {
  return db.execute<{ provider: string; name: string; share: number }>(sql`
    with bucket as (
      select b.provider, b.name,
             case when b.kind = 'quota'
                  then case when b.window_start = date_trunc(b.resets, ${at(now)}, b.zone) then b.used else 0 end
                  when b.window_start >= ${at(now)} - interval '5 minutes' then greatest(b.used, b.used_before)
                  when b.window_start >= ${at(now)} - interval '10 minutes' then b.used
                  else 0 end as used,
             case when b.kind = 'quota' then b.max_calls
                  else b.max_calls * greatest(1, 300000.0 / b.period_ms) end as most
        from platform.rate_limit_buckets b)
    select provider, name, (used / most)::float8 as share from bucket where used >= most * ${least}::float8
     order by provider, name`);
}

export interface CallVolume {
  readonly provider: string;
  /** Calls of the last hour. */
  readonly calls: number;
  /** Mean of the same hour of the four weeks before; null unless each of them has calls. */
  readonly weekly: number | null;
  /** Hourly mean of the 24 hours before the last hour; null without calls. */
  readonly daily: number | null;
}

/** The calls of the last hour by provider, with what is usual. */
export async function listCallVolumes(db: Executor, now: Date): Promise<CallVolume[]> {
  return db.execute<{ provider: string; calls: number; weekly: number | null; daily: number | null }>(sql`
    with recent as (
      select provider, sum(calls)::float8 as calls from platform.api_calls
       where minute > ${at(now)} - interval '1 hour' and minute <= ${at(now)}
       group by provider)
    select r.provider, r.calls,
           (select case when count(*) = 4 then avg(calls)::float8 end
              from (select sum(a.calls) as calls
                      from generate_series(1, 4) week, platform.api_calls a
                     where a.provider = r.provider
                       and a.minute > ${at(now)} - interval '1 hour' - week * interval '7 days'
                       and a.minute <= ${at(now)} - week * interval '7 days'
                     group by week
                    having sum(a.calls) > 0) weeks) as weekly,
           (select nullif(sum(a.calls), 0)::float8 / 24 from platform.api_calls a
             where a.provider = r.provider
               and a.minute > ${at(now)} - interval '25 hours' and a.minute <= ${at(now)} - interval '1 hour') as daily
      from recent r
     order by r.provider`);
}

/** Counters of the database since its statistics were reset. */
export interface DatabaseCounters {
  /** Milliseconds that all sessions have executed statements for. */
  readonly activeMs: number;
  readonly transactions: number;
}

/** What the database has counted over all its sessions, whatever process they belong to. */
export async function readDatabaseCounters(db: Executor): Promise<DatabaseCounters> {
  const [row] = await db.execute<{ activeMs: number; transactions: number }>(sql`
    select active_time::float8 as "activeMs", (xact_commit + xact_rollback)::float8 as transactions
      from pg_stat_database where datname = current_database()`);
  return row!;
}

/** The result of the last run of a job that succeeded, and when it ended; undefined when there is none. */
export async function lastResult(
  db: Executor,
  jobId: string,
): Promise<{ readonly endedAt: Date; readonly result: Readonly<Record<string, unknown>> | null } | undefined> {
  const [row] = await db.execute<{ endedAt: string; result: Record<string, unknown> | null }>(sql`
    select finished_at as "endedAt", result from platform.job_runs
     where job_id = ${jobId} and state = 'succeeded'
     order by id desc limit 1`);
  return row && { endedAt: new Date(row.endedAt), result: row.result };
}

/** How the runs of a job before a run ended that succeeded or failed for good, newest first. */
export async function lastOutcomes(
  db: Executor,
  { jobId, before, limit }: { readonly jobId: string; readonly before: string; readonly limit: number },
): Promise<("succeeded" | "dead")[]> {
  const rows = await db.execute<{ state: "succeeded" | "dead" }>(sql`
    select state from platform.job_runs
     where job_id = ${jobId} and state in ('succeeded', 'dead') and id < ${before}
     order by id desc limit ${limit}`);
  return rows.map(({ state }) => state);
}
