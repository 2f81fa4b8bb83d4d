import { sql } from "drizzle-orm";
import type { OldRows } from "../old-rows.ts";
import { auditLog, backfills, deadMessages, effects } from "./control-schema.ts";
import { jobRuns } from "./platform-schema.ts";

/**
 * Runs that ended before an instant. The parent of an unfinished run stays, which still reads it, and so does the
 * newest slot of each job, from which missed slots are counted.
 */
export function oldRuns(before: Date): OldRows {
  const where = sql`
    old.finished_at < ${before.toISOString()}::timestamptz and old.state in ('succeeded', 'dead', 'skipped', 'cancelled')
    and not exists (
      select from ${jobRuns} as child where child.parent_run_id = old.id and child.state in ('queued', 'running', 'retrying')
    )
    and (old.scheduled_for is null or exists (
      select from ${jobRuns} as later where later.job_id = old.job_id and later.scheduled_for > old.scheduled_for
    ))`;
  return { table: jobRuns, key: jobRuns.id, at: jobRuns.finishedAt, where, order: [jobRuns.id] };
}

/** Audit entries before an instant. */
export function oldAuditEntries(before: Date): OldRows {
  const where = sql`old.at < ${before.toISOString()}::timestamptz`;
  return { table: auditLog, key: auditLog.id, at: auditLog.at, where };
}

/** Dead messages received before an instant, dismissed or not. */
export function oldDeadMessages(before: Date): OldRows {
  const where = sql`old.received_at < ${before.toISOString()}::timestamptz`;
  return { table: deadMessages, key: deadMessages.id, at: deadMessages.receivedAt, where };
}

/** Backfills that ended before an instant and have no run in the ledger. */
export function oldBackfills(before: Date): OldRows {
  const where = sql`old.ended_at < ${before.toISOString()}::timestamptz
    and not exists (select from ${jobRuns} as run where run.backfill_id = old.id)`;
  return { table: backfills, key: backfills.id, at: backfills.endedAt, where };
}

/**
 * Effects that were completed before an instant and whose run has left the ledger: a run in the ledger can be repeated.
 * An effect with an unknown outcome is never old.
 */
export function oldEffects(before: Date): OldRows {
  const where = sql`old.state = 'done' and old.settled_at < ${before.toISOString()}::timestamptz
    and not exists (select from ${jobRuns} as run where run.id = old.run_id)`;
  return { table: effects, key: effects.key, at: effects.settledAt, where };
}
