import { sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Executor } from "../client.ts";
import { at, dateOf } from "../sql-instant.ts";
import { jobSchedules } from "./control-schema.ts";
import { jobRuns } from "./platform-schema.ts";

/**
 * How far ahead of the database's clock a slot may be when a process claims it: processes read that clock with a delay.
 */
export const CLOCK_TOLERANCE_MS = 1_000;

/** A job and its schedule in force. */
export interface JobSchedule {
  readonly jobId: string;
  readonly expression: string;
  readonly timeZone: string;
}

/**
 * Stores schedules that are new or have changed. A changed schedule expects no slot before `now`, and a new one none
 * before the newest slot of the job in the ledger, or before `now` without one.
 * @returns the ids of the jobs whose schedule was stored
 */
export async function storeSchedules(db: Executor, schedules: readonly JobSchedule[], now: Date): Promise<string[]> {
  const rows = await db.execute<{ jobId: string }>(sql`
    insert into ${jobSchedules} (job_id, expression, time_zone, expected_after)
    select given."jobId", given.expression, given."timeZone", case when stored.job_id is null then coalesce((
             select max(scheduled_for) from ${jobRuns}
              where job_id = given."jobId" and scheduled_for <= ${at(now)} and backfill_id is null), ${at(now)}) else ${at(now)} end
      from jsonb_to_recordset(${JSON.stringify(schedules)}::jsonb) as given("jobId" text, expression text, "timeZone" text)
      left join ${jobSchedules} stored on stored.job_id = given."jobId"
     where stored.job_id is null or stored.expression <> given.expression or stored.time_zone <> given."timeZone"
     -- One lock order for processes that start together.
     order by given."jobId"
    on conflict (job_id) do update
       set expression = excluded.expression, time_zone = excluded.time_zone, expected_after = ${at(now)}
     where ${jobSchedules}.expression <> excluded.expression or ${jobSchedules}.time_zone <> excluded.time_zone
    returning job_id as "jobId"`);
  return [...rows].map(({ jobId }) => jobId);
}

/**
 * Up to when the slots of each job are accounted for: its newest slot in the ledger that is not in the future, or the
 * instant after which slots are expected, whichever is later. Jobs with neither are left out.
 */
export async function accountedUntil(db: Executor, jobIds: readonly string[], now: Date): Promise<Map<string, Date>> {
  const rows = await db.execute<{ jobId: string; until: string | Date }>(sql`
    select wanted.job_id as "jobId", greatest(stored.expected_after, newest.slot) as until
      from unnest(${plainArray(jobIds)}) as wanted(job_id)
      left join ${jobSchedules} stored on stored.job_id = wanted.job_id
      left join lateral (
        select max(scheduled_for) as slot from ${jobRuns}
         where job_id = wanted.job_id and scheduled_for <= ${at(now)} and backfill_id is null
      ) newest on true
     where greatest(stored.expected_after, newest.slot) is not null`);
  return new Map([...rows].map(({ jobId, until }) => [jobId, new Date(until)]));
}

/** What the ledger knows of the recent slots of a job. */
export interface SlotLedger {
  /**
   * All slots up to this instant are accounted for: the newest recorded slot before the range, or the instant after
   * which slots are expected. Null: neither is known.
   */
  readonly anchor: Date | null;
  /** The oldest recorded slot of the range after `anchor`. */
  readonly first: Date | null;
  /** Recorded slots of the range after `anchor`. */
  readonly count: number;
  /** Up to when slots are accounted for, if none is missing in between: see `accountedUntil`. */
  readonly until: Date | null;
  /** The newest slot in the ledger that is still in the future: a process with a wrong clock recorded it. */
  readonly future: Date | null;
}

/** The recorded slots of each job from `from` (included) to `to` (excluded). */
export async function slotLedgers(
  db: Executor,
  jobIds: readonly string[],
  { from, to, now }: { from: Date; to: Date; now: Date },
): Promise<Map<string, SlotLedger>> {
  const rows = await db.execute<
    { jobId: string; count: number } & Record<"anchor" | "first" | "until" | "future", unknown>
  >(sql`
    with slots as (
      select wanted.job_id, stored.expected_after,
             greatest(stored.expected_after, (
               select max(scheduled_for) from ${jobRuns}
                where job_id = wanted.job_id and scheduled_for < ${at(from)} and backfill_id is null)) as anchor
        from unnest(${plainArray(jobIds)}) as wanted(job_id)
        left join ${jobSchedules} stored on stored.job_id = wanted.job_id
    )
    select slots.job_id as "jobId", slots.anchor, recent.first, recent.count,
           greatest(slots.anchor, (
             select max(scheduled_for) from ${jobRuns}
              where job_id = slots.job_id and scheduled_for <= ${at(now)} and backfill_id is null)) as until,
           (select max(scheduled_for) from ${jobRuns}
             where job_id = slots.job_id and scheduled_for > ${at(new Date(now.getTime() + CLOCK_TOLERANCE_MS))}) as future
      from slots cross join lateral (
        select min(scheduled_for) as first, count(*)::integer as count from ${jobRuns}
         where job_id = slots.job_id and scheduled_for >= ${at(from)} and scheduled_for < ${at(to)}
           and (slots.anchor is null or scheduled_for > slots.anchor)
      ) recent`);
  return new Map(
    [...rows].map(({ jobId, count, anchor, first, until, future }) => [
      jobId,
      { count, anchor: dateOf(anchor), first: dateOf(first), until: dateOf(until), future: dateOf(future) },
    ]),
  );
}
