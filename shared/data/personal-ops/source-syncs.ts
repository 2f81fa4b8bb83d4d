import { sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { at } from "../sql-instant.ts";
import type { Source } from "./personal-ops-schema.ts";

/** A synchronisation of a source by a run. */
export interface HeldSync {
  readonly source: Source;
  readonly runId: string;
}

/** The run no longer synchronises the source: another one does. */
export class SyncTaken extends Error {
  override readonly name = "SyncTaken";
  constructor({ source }: HeldSync) {
    super(`another run has begun to synchronise ${source}`);
  }
}

/**
 * Begins a synchronisation. While the lease of a run that synchronises the source lasts, no other run begins one.
 * @returns where it continues; null when another run synchronises the source
 */
export async function beginSync(
  db: Executor,
  { source, runId }: HeldSync,
  now: Date,
): Promise<{ readonly watermark: unknown } | null> {
  const [begun] = await db.execute<{ watermark: unknown }>(sql`
    insert into personal_ops.data_source_sync as s (source, run_id, started_at)
    values (${source}, ${runId}, ${at(now)})
    on conflict (source) do update
       set run_id = excluded.run_id, started_at = excluded.started_at, completed_at = null, success = null, items = 0,
           error = null
     where s.success is not null or s.run_id = excluded.run_id or not exists (
             select from platform.job_runs r
              where r.id = s.run_id and r.state = 'running' and r.lease_expires_at > now())
    returning s.watermark`);
  return begun ?? null;
}

/**
 * Counts items and moves the watermark, in the transaction that commits the items.
 * @param watermark undefined leaves it
 * @throws SyncTaken
 */
export async function advanceSync(
  tx: Tx,
  held: HeldSync,
  { items, watermark }: { readonly items: number; readonly watermark?: object | undefined },
): Promise<void> {
  const moved = watermark === undefined ? sql`watermark` : sql`${JSON.stringify(watermark)}::jsonb`;
  const rows = await tx.execute(sql`
    update personal_ops.data_source_sync set items = items + ${items}, watermark = ${moved}
     where source = ${held.source} and run_id = ${held.runId} and success is null
    returning source`);
  if (rows.length === 0) throw new SyncTaken(held);
}

/** Records the success of a synchronisation. @throws SyncTaken */
export async function completeSync(tx: Tx, held: HeldSync, now: Date): Promise<void> {
  const rows = await tx.execute(sql`
    update personal_ops.data_source_sync
       set success = true, completed_at = ${at(now)}, consecutive_failures = 0
     where source = ${held.source} and run_id = ${held.runId} and success is null
    returning source`);
  if (rows.length === 0) throw new SyncTaken(held);
}

/** Records a failure. @returns how many in a row, with this one; 0 when another run synchronises the source */
export async function failSync(tx: Tx, held: HeldSync, error: string, now: Date): Promise<number> {
  const [failed] = await tx.execute<{ failures: number }>(sql`
    update personal_ops.data_source_sync
       set success = false, completed_at = ${at(now)}, error = ${error}, consecutive_failures = consecutive_failures + 1
     where source = ${held.source} and run_id = ${held.runId} and success is null
    returning consecutive_failures as failures`);
  return failed?.failures ?? 0;
}
