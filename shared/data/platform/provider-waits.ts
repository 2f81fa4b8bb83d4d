import { sql } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { dateOf } from "../sql-instant.ts";
import { jobRuns, type Run } from "./platform-schema.ts";

/** Runs that one recovery wakes; those behind them return at their own times. */
const MOST_WOKEN = 10_000;

/**
 * Makes the runs that wait for a provider due one after another, the longest waiting first: at the rising rate at which
 * a half-open breaker lets calls start, which doubles every 15 seconds.
 * @param code their reason code
 */
export async function wakeRuns(
  db: Executor,
  code: string,
  now: Date,
): Promise<Pick<Run, "id" | "jobId" | "notBefore">[]> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const rows = await db.execute<{ id: string; job_id: string; not_before: string }>(sql`
    update ${jobRuns} r
       set not_before = least(r.not_before, ${at} + interval '15 seconds' * log(2::numeric, (1 + (w.n - 1) * ln(2.0) / 15)::numeric)::float8)
      from (select id, row_number() over (order by queued_at, id) as n
              from (select id, queued_at from ${jobRuns}
                     where state in ('queued', 'retrying') and state = 'retrying' and reason_code = ${code} and not_before > ${at}
                     order by queued_at, id limit ${MOST_WOKEN}
                       for update skip locked) waiting) w
     where r.id = w.id
    returning r.id, r.job_id, r.not_before`);
  return rows.map(({ id, job_id: jobId, not_before }) => ({ id, jobId, notBefore: dateOf(not_before) }));
}

/** How many runs wait for each provider, by their reason codes. */
export async function runsWaitingForProviders(
  db: Executor,
  prefix: string,
): Promise<Map<string, { runs: number; next: Date }>> {
  const rows = await db.execute<{ reason_code: string; runs: number; next: string }>(sql`
    select reason_code, count(*)::integer as runs, min(not_before) as next
      from ${jobRuns} where state in ('queued', 'retrying') and state = 'retrying' and starts_with(reason_code, ${prefix})
     group by reason_code`);
  return new Map(
    rows.map(({ reason_code, runs, next }) => [reason_code.slice(prefix.length), { runs, next: dateOf(next)! }]),
  );
}
