import { sql } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { jobRuns } from "../platform/platform-schema.ts";
import { providerStates } from "../platform/provider-schema.ts";
import { at } from "../sql-instant.ts";
import { agentAuditLog, deadLetterJobs, retryJobs } from "./personal-ops-schema.ts";

const FAMILY = "personal-ops";
const HOUR_MS = 3_600_000;

export interface FactsOptions {
  readonly now: Date;
  /** Longer runs are slow. */
  readonly longestRunMs: number;
}

/** What the ledger, the queue and the audit of the family show about the last hour: one statement. */
export async function readHealthFacts(db: Executor, { now, longestRunMs }: FactsOptions) {
  const [at1, hourAgo] = [at(now), at(new Date(now.getTime() - HOUR_MS))];
  const [row] = await db.execute<{
    queueDepth: number;
    oldestWait: { jobId: string; waitsMs: number } | null;
    slowRuns: { jobId: string; durationMs: number }[];
    total: number;
    failed: number;
    newDeadLetters: number;
    openProviders: { provider: string; reason: string }[];
  }>(sql`
    with due as (
      select job_id, family, not_before, reason_code from ${jobRuns}
       where state in ('queued', 'retrying') and not_before <= ${at1}
    ),
    attempt as (
      select action, success, duration_ms, output from ${agentAuditLog}
       where not archived and action_type = 'job' and at > ${hourAgo}
    ),
    duration as (
      select action as job_id, duration_ms from attempt
      union all
      select job_id, extract(epoch from ${at1} - started_at) * 1000 from ${jobRuns} where state = 'running' and family = ${FAMILY}
    )
    select
      (select count(*) from due where family = ${FAMILY})::integer
        + (select count(*) from ${retryJobs} where status = 'pending' and run_at <= ${at1})::integer as "queueDepth",
      (select json_build_object('jobId', job_id, 'waitsMs', extract(epoch from ${at1} - not_before) * 1000)
         from due where reason_code is null order by not_before limit 1) as "oldestWait",
      (select coalesce(json_agg(slow order by slow."jobId"), '[]')
         from (select job_id as "jobId", max(duration_ms)::float8 as "durationMs" from duration
                where duration_ms > ${longestRunMs} group by job_id) slow) as "slowRuns",
      -- An entry with a code was stopped by a gate, a delay or a cancel, and did not fail.
      (select count(*) filter (where success or output->>'code' is null) from attempt)::integer as total,
      (select count(*) filter (where not success and output->>'code' is null) from attempt)::integer as failed,
      (select count(*) from ${deadLetterJobs} where resolved_at is null and died_at > ${hourAgo})::integer
        + (select count(*) from ${jobRuns} where state = 'dead' and family = ${FAMILY} and finished_at > ${hourAgo})::integer
        as "newDeadLetters",
      (select coalesce(json_agg(json_build_object('provider', provider, 'reason', coalesce(reason, 'no reason was given'))
                                order by provider), '[]')
         from ${providerStates} where state = 'open') as "openProviders"`);
  const { total, failed, ...facts } = row!;
  return { ...facts, attempts: { total, failed } };
}
