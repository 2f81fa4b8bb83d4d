import { type SQL, sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Executor } from "../client.ts";
import { at, dateOf } from "../sql-instant.ts";
import { jobRuns, type RunState } from "./platform-schema.ts";

/** A run that started this much before its slot has taken it too early. Claims may be early by a second. */
const EARLY = sql`interval '5 s'`;

/** A slot that a run no longer has. */
export interface FreedSlot {
  readonly jobId: string;
  readonly runId: string;
  readonly slot: Date;
  /** How the run ended. */
  readonly state: RunState;
}

/** Whether the ended run `r` took its slot too early. */
function isEarly(clock: SQL): SQL {
  return sql`r.finished_at is not null
    and (r.heartbeat_at < r.scheduled_for - ${EARLY} or r.state = 'skipped' and r.scheduled_for > ${clock} + ${EARLY})`;
}

/** Whether `freeEarlySlots` would free a slot of the job. @param from its first slot that counts */
export function hasEarlySlots(jobId: string, { from, clock }: { from: SQL; clock: SQL }): SQL {
  return sql`exists (
    select from ${jobRuns} r
     where r.job_id = ${jobId} and r.scheduled_for >= ${from} and r.backfill_id is null and ${isEarly(clock)})`;
}

export interface EarlySlots {
  readonly jobIds: readonly string[];
  /** The first slot that is looked at. */
  readonly from: Date;
  readonly now: Date;
}

/**
 * Frees the slots from `from` on that ended runs took too early: versions that followed the clocks of their processes
 * did so. The run keeps its history: `as_of` is the slot, and its times are moved to the database's clock if they are
 * after it. A waiting run keeps its slot and waits for it, a running one keeps it until it ends. Only the database's
 * clock counts: the heartbeat of a run is from it. A skipped run has none, so its slot must be in the future.
 */
export async function freeEarlySlots(tx: Executor, { jobIds, from, now }: EarlySlots): Promise<FreedSlot[]> {
  const rows = await tx.execute<{ jobId: string; runId: string; slot: unknown; state: RunState }>(sql`
    with found as (
      select r.id, r.job_id, r.scheduled_for as slot, r.state, coalesce(r.heartbeat_at, ${at(now)}) as real_time
        from ${jobRuns} r
       where r.job_id = any (${plainArray(jobIds)}) and r.scheduled_for >= ${at(from)} and r.backfill_id is null
         and (${isEarly(at(now))}
              or r.state in ('queued', 'retrying') and r.scheduled_for > ${at(now)} + ${EARLY} and r.not_before < r.scheduled_for)
       order by r.id for update
    ),
    delayed as (
      update ${jobRuns} r set not_before = r.scheduled_for
        from found where r.id = found.id and found.state in ('queued', 'retrying')
    )
    update ${jobRuns} r
       set scheduled_for = null, as_of = coalesce(r.as_of, found.slot),
           queued_at = least(r.queued_at, real_time), started_at = least(r.started_at, real_time),
           finished_at = least(r.finished_at, real_time + coalesce(r.duration_ms, 0) * interval '1 ms'),
           reason = concat_ws('; ', r.reason, 'it took its slot too early, by a wrong clock; the slot is free again')
      from found where r.id = found.id and found.state not in ('queued', 'retrying')
    returning r.job_id as "jobId", r.id as "runId", found.slot, r.state`);
  return [...rows].map((row) => ({ ...row, slot: dateOf(row.slot)! }));
}
