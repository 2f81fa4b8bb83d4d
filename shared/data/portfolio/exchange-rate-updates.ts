import { eq, sql } from "drizzle-orm";
import type { Db, Executor, Tx } from "../client.ts";
import type { Run } from "../platform/platform-schema.ts";
import type { InsertedPoints } from "./exchange-rates.ts";
import { type ExchangeRateUpdate, exchangeRateUpdates } from "./portfolio-schema.ts";
import { deleteOldRows, newestUpdates, trackingColumns, type UpdatePage } from "./update-tracking.ts";

type Kind = ExchangeRateUpdate["kind"];

/** Updates the tracking row from its run. Idempotent. */
export async function trackRun(tx: Tx, kind: Kind, run: Run): Promise<void> {
  const change = trackingColumns(run);
  const { startDate = null, endDate = null } = run.input as { startDate?: string; endDate?: string };
  await tx
    .insert(exchangeRateUpdates)
    .values({ runId: run.id, kind, startDate, endDate, requestedAt: run.queuedAt, ...change })
    .onConflictDoUpdate({ target: exchangeRateUpdates.runId, set: change });
}

/** Records a request that was refused without a run. */
export async function recordRejectedUpdate(db: Db, kind: Kind, error: string, now: Date): Promise<void> {
  await db
    .insert(exchangeRateUpdates)
    .values({ kind, state: "failed", error: error.slice(0, 1_024), requestedAt: now, finishedAt: now });
}

/** Adds the counts of one batch. Call it in the transaction of the batch, so that the counts match the rows. */
export async function addPoints(
  tx: Tx,
  runId: string,
  source: string,
  { inserted, skipped, suspect }: InsertedPoints & { readonly suspect: number },
): Promise<void> {
  await tx
    .update(exchangeRateUpdates)
    .set({
      source,
      inserted: sql`${exchangeRateUpdates.inserted} + ${inserted}`,
      skipped: sql`${exchangeRateUpdates.skipped} + ${skipped}`,
      suspect: sql`${exchangeRateUpdates.suspect} + ${suspect}`,
    })
    .where(eq(exchangeRateUpdates.runId, runId));
}

/** Sets the range of days that the run has to fetch. */
export async function setRange(tx: Tx, runId: string, startDate: string, endDate: string): Promise<void> {
  await tx.update(exchangeRateUpdates).set({ startDate, endDate }).where(eq(exchangeRateUpdates.runId, runId));
}

/** Newest first. */
export async function listUpdates(db: Executor, page: UpdatePage): Promise<ExchangeRateUpdate[]> {
  return newestUpdates(db, exchangeRateUpdates, page);
}

/** Deletes finished rows older than `cutoff`, except the last of each kind. @returns the number of deleted rows */
export async function deleteOldUpdates(tx: Tx, cutoff: Date, limit: number): Promise<number> {
  return deleteOldRows(tx, exchangeRateUpdates, { kind: [sql`${exchangeRateUpdates.kind}`], cutoff, limit });
}
