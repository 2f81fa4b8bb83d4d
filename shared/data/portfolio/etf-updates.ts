import { and, eq, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import type { Run } from "../platform/platform-schema.ts";
import { type EtfUpdate, etfUpdates } from "./etf-schema.ts";
import type { UpdateState } from "./portfolio-schema.ts";
import { deleteOldRows, newestUpdates, trackingColumns } from "./update-tracking.ts";

type Kind = EtfUpdate["kind"];

/**
 * Brings the tracking row into line with its run; at the end of a run over many ETFs each one that failed gets a row of its own,
 * with the reason. Safe to repeat.
 */
export async function trackEtfRun(tx: Tx, kind: Kind, run: Run): Promise<void> {
  const { symbol = null } = run.input as { symbol?: string };
  const change = trackingColumns(run);
  await tx
    .insert(etfUpdates)
    .values({ runId: run.id, kind, symbol, requestedAt: run.queuedAt, ...change })
    .onConflictDoUpdate({ target: [etfUpdates.runId, etfUpdates.symbol], set: change });
  if (run.finishedAt && run.itemFailures?.length) await trackFailures(tx, kind, run, run.finishedAt);
}

async function trackFailures(tx: Tx, kind: Kind, run: Run, finishedAt: Date): Promise<void> {
  const rows = run.itemFailures!.map(({ key, reason }) => ({
    runId: run.id,
    kind,
    symbol: key,
    state: "failed" as const,
    error: reason,
    requestedAt: run.queuedAt,
    finishedAt,
  }));
  await tx
    .insert(etfUpdates)
    .values(rows)
    .onConflictDoUpdate({
      target: [etfUpdates.runId, etfUpdates.symbol],
      set: { state: "failed", error: sql`excluded.error`, finishedAt },
    });
}

/** What was stored of one series. */
export interface StoredSeries {
  readonly source: string;
  readonly inserted: number;
  readonly skipped: number;
  readonly changed: number;
  /** The days that it begins and ends with. */
  readonly first: string;
  readonly last: string;
}

/**
 * Adds what a transaction stored, in that transaction: the count can never say more than is stored. The range becomes that of
 * all its series, the source that of the last.
 * @param symbol as in the run's input; null for a run over many
 */
export async function addStoredSeries(
  tx: Tx,
  runId: string,
  symbol: string | null,
  stored: readonly StoredSeries[],
): Promise<void> {
  if (stored.length === 0) return;
  const sum = (count: "inserted" | "skipped" | "changed") => stored.reduce((all, series) => all + series[count], 0);
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
      startDate: sql`least(${etfUpdates.startDate}, ${first}::date)`,
      endDate: sql`greatest(${etfUpdates.endDate}, ${last}::date)`,
    })
    .where(and(eq(etfUpdates.runId, runId), sql`${etfUpdates.symbol} is not distinct from ${symbol}`));
}

/** Newest first. */
export async function listEtfUpdates(
  db: Executor,
  state: UpdateState | undefined,
  limit: number,
): Promise<EtfUpdate[]> {
  return newestUpdates(db, etfUpdates, state, limit);
}

/** Deletes finished rows older than `cutoff`, but never the last of a kind. @returns how many */
export async function deleteOldEtfUpdates(tx: Tx, cutoff: Date, limit: number): Promise<number> {
  // The rows of single ETFs that failed in a run over many must not stand for that run.
  const kind = [sql`${etfUpdates.kind}`, sql`${etfUpdates.symbol} is null`];
  return deleteOldRows(tx, etfUpdates, { kind, cutoff, limit });
}
