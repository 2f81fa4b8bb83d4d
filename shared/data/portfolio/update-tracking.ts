import { and, desc, eq, lt, notInArray, type SQL, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { reasonOf } from "../platform/run-reason.ts";
import type { Run, RunState } from "../platform/platform-schema.ts";
import type { etfUpdates } from "./etf-schema.ts";
import { exchangeRateUpdates, type UpdateState } from "./portfolio-schema.ts";

/** The tables that say what became of each request for data. Their rows follow the runs. */
export type TrackingTable = typeof exchangeRateUpdates | typeof etfUpdates;

/** The tracking row's state for each state of its run. A run that will be tried again is pending once more. */
const STATE_OF: Readonly<Record<RunState, UpdateState>> = {
  queued: "pending",
  running: "running",
  retrying: "pending",
  succeeded: "succeeded",
  dead: "failed",
  cancelled: "failed",
  skipped: "refused",
};

/** What the tracking row of a run has to say about it. */
export function trackingColumns(run: Run): { state: UpdateState; error: string | null; finishedAt: Date | null } {
  return {
    state: STATE_OF[run.state],
    error: run.state === "succeeded" ? null : reasonOf(run),
    finishedAt: run.finishedAt,
  };
}

/** Newest first. */
export async function newestUpdates<Table extends TrackingTable>(
  db: Executor,
  table: Table,
  state: UpdateState | undefined,
  limit: number,
): Promise<Table["$inferSelect"][]> {
  const columns = common(table);
  return db
    .select()
    .from(columns)
    .where(state && eq(columns.state, state))
    .orderBy(desc(columns.id))
    .limit(limit);
}

/**
 * Deletes finished rows older than `cutoff`, but never the last of a kind.
 * @param kind what makes rows be of one kind
 * @returns how many
 */
export async function deleteOldRows(
  tx: Tx,
  table: TrackingTable,
  { kind, cutoff, limit }: { kind: readonly SQL[]; cutoff: Date; limit: number },
): Promise<number> {
  const columns = common(table);
  const lastOfKind = tx
    .select({ id: sql<number>`max(${columns.id})` })
    .from(columns)
    .groupBy(...kind);
  const old = tx
    .select({ id: columns.id })
    .from(columns)
    .where(and(lt(columns.finishedAt, cutoff), notInArray(columns.id, lastOfKind)))
    .orderBy(columns.id)
    .limit(limit);
  const deleted = await tx
    .delete(columns)
    .where(sql`${columns.id} in ${old}`)
    .returning({ id: columns.id });
  return deleted.length;
}

/** Drizzle types each table for itself; the columns used here are those that all of them have. */
function common(table: TrackingTable): typeof exchangeRateUpdates {
  return table as typeof exchangeRateUpdates;
}
