import { and, eq, isNotNull, sql } from "drizzle-orm";
import { textArray } from "../array-literal.ts";
import type { Executor, Tx } from "../client.ts";
import type { ItemFailure, Run } from "../platform/platform-schema.ts";
import { type EtfUpdate, etfUpdates } from "./etf-schema.ts";
import { deleteOldRows, newestUpdates, trackingColumns, type UpdatePage } from "./update-tracking.ts";

type Kind = EtfUpdate["kind"];

/**
 * Updates the tracking row from its run. After each attempt over many ETFs each failed one has a row with the reason.
 * Idempotent.
 * @param failed every ETF that failed; the run has only the first ones
 */
export async function trackEtfRun(tx: Tx, kind: Kind, run: Run, failed: readonly ItemFailure[] = []): Promise<void> {
  const { symbol = null } = run.input as { symbol?: string };
  const change = trackingColumns(run);
  await tx
    .insert(etfUpdates)
    .values({ runId: run.id, kind, symbol, requestedAt: run.queuedAt, ...change })
    .onConflictDoUpdate({ target: [etfUpdates.runId, etfUpdates.symbol], set: change });
  const hasEnded = run.state !== "queued" && run.state !== "running";
  if (hasEnded && symbol === null) await trackFailures(tx, kind, run, failed);
}

/** The rows of an attempt replace those of the one before it: an ETF may have failed in that one only. */
async function trackFailures(tx: Tx, kind: Kind, run: Run, failed: readonly ItemFailure[]): Promise<void> {
  const { id, queuedAt } = run;
  if (run.attempt > 1) await tx.delete(etfUpdates).where(and(eq(etfUpdates.runId, id), isNotNull(etfUpdates.symbol)));
  if (failed.length === 0) return;
  // Array literals: an insert of rows has a parameter per value, of which PostgreSQL accepts 65,535.
  await tx.execute(sql`
    insert into ${etfUpdates} (run_id, kind, symbol, state, error, requested_at, finished_at)
    select ${id}, ${kind}, failed.symbol, 'failed', failed.reason, ${queuedAt.toISOString()}::timestamptz,
           ${run.finishedAt ? sql`${run.finishedAt.toISOString()}::timestamptz` : sql`now()`}
      from unnest(${textArray(failed.map(({ key }) => key))}::text[],
                  ${textArray(failed.map(({ reason }) => reason))}::text[]) as failed(symbol, reason)
    on conflict (run_id, symbol) do update
      set state = 'failed', error = excluded.error, finished_at = excluded.finished_at`);
}

/** The stored points of one series. */
export interface StoredSeries {
  readonly source: string;
  readonly inserted: number;
  readonly skipped: number;
  readonly changed: number;
  /** Points that are held back as implausible. */
  readonly suspect: number;
  /** The first and last day of the series. */
  readonly first: string;
  readonly last: string;
}

/**
 * Adds the counts of stored series to the tracking row. Call it in the storing transaction, so that the counts match
 * the rows. The range covers all series; the source is that of the last one.
 * @param symbol from the input of the run; null for a run over many ETFs
 */
export async function addStoredSeries(
  tx: Tx,
  runId: string,
  symbol: string | null,
  stored: readonly StoredSeries[],
): Promise<void> {
  if (stored.length === 0) return;
  const sum = (count: "inserted" | "skipped" | "changed" | "suspect") =>
    stored.reduce((all, series) => all + series[count], 0);
  const [first] = stored.map((series) => series.first).sort();
  const last = stored
    .map((series) => series.last)
    .sort()
    .at(-1);
  await tx
    .update(etfUpdates)
    .set({
      source: stored.at(-1)!.source,
      inserted: sql`${etfUpdates.inserted} + ${sum("inserted")}`,
      skipped: sql`${etfUpdates.skipped} + ${sum("skipped")}`,
      changed: sql`${etfUpdates.changed} + ${sum("changed")}`,
      suspect: sql`${etfUpdates.suspect} + ${sum("suspect")}`,
      startDate: sql`least(${etfUpdates.startDate}, ${first}::date)`,
      endDate: sql`greatest(${etfUpdates.endDate}, ${last}::date)`,
    })
    .where(and(eq(etfUpdates.runId, runId), sql`${etfUpdates.symbol} is not distinct from ${symbol}`));
}

/** Newest first. */
export async function listEtfUpdates(db: Executor, page: UpdatePage): Promise<EtfUpdate[]> {
  return newestUpdates(db, etfUpdates, page);
}

/** Deletes finished rows older than `cutoff`, except the last of each kind. @returns the number of deleted rows */
export async function deleteOldEtfUpdates(tx: Tx, cutoff: Date, limit: number): Promise<number> {
  // The rows of failed ETFs must not count as the last row of their run.
  const kind = [sql`${etfUpdates.kind}`, sql`${etfUpdates.symbol} is null`];
  return deleteOldRows(tx, etfUpdates, { kind, cutoff, limit });
}
