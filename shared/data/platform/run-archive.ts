import { sql } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { jobRuns } from "./platform-schema.ts";

/** A run that can leave the ledger. */
export interface ArchivableRun {
  readonly id: string;
  /** The row's version: it changes with every write to the row. */
  readonly version: string;
  readonly finishedAt: string;
  /** The whole row as one line of JSON, by the names of its columns. */
  readonly line: string;
}

/** The size of a batch. */
export interface ArchiveLimit {
  readonly runs: number;
  /** Total bytes of the lines. A single larger run still makes a batch. */
  readonly bytes: number;
}

/** The next archivable runs that ended before an instant, by id. */
export async function archivableRuns(db: Executor, before: Date, limit: ArchiveLimit): Promise<ArchivableRun[]> {
  return db.execute<ArchivableRun & Record<string, unknown>>(sql`
    with next as (
      select run.id, run.xmin::text as version, to_char(run.finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "finishedAt",
             row_to_json(run)::text as line
        from ${jobRuns} as run where ${isArchivable(before)} order by run.id limit ${limit.runs}
    ),
    weighed as (select *, sum(octet_length(line)) over (order by id) as bytes, row_number() over (order by id) as position from next)
    select id, version, "finishedAt", line from weighed where bytes <= ${limit.bytes} or position = 1 order by id`);
}

/**
 * Deletes archived runs from the ledger. A run that changed since it was read, or is no longer archivable, stays.
 * @returns the number of deleted runs
 */
export async function deleteArchivedRuns(
  db: Executor,
  before: Date,
  runs: readonly Pick<ArchivableRun, "id" | "version">[],
): Promise<number> {
  const archived = JSON.stringify(runs.map(({ id, version }) => ({ id, version })));
  const deleted = await db.execute(sql`
    delete from ${jobRuns} as run
     using jsonb_to_recordset(${archived}::jsonb) as archived(id uuid, version text)
     where run.id = archived.id and run.xmin::text = archived.version and ${isArchivable(before)}`);
  return deleted.count;
}

/**
 * Ended before the instant, not the parent of an unfinished run, which still reads it, and not the newest slot of its
 * job, from which missed slots are counted.
 */
function isArchivable(before: Date) {
  return sql`
    run.finished_at < ${before.toISOString()}::timestamptz and run.state in ('succeeded', 'dead', 'skipped', 'cancelled')
    and not exists (
      select from ${jobRuns} as child where child.parent_run_id = run.id and child.state in ('queued', 'running', 'retrying')
    )
    and (run.scheduled_for is null or exists (
      select from ${jobRuns} as later where later.job_id = run.job_id and later.scheduled_for > run.scheduled_for
    ))`;
}
