import { and, desc, eq, lt, notInArray, type SQL, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import type { Run, RunState } from "../platform/platform-schema.ts";
import { reasonOf } from "../platform/run-reason.ts";
import type { etfUpdates } from "./etf-schema.ts";
import { exchangeRateUpdates, type UpdateState } from "./portfolio-schema.ts";

/** The tables with one row per request for data. The state of a row follows its run. */
export type TrackingTable = typeof exchangeRateUpdates | typeof etfUpdates;

/** The state of a tracking row for each state of its run. */
const STATE_OF: Readonly<Record<RunState, UpdateState>> = {
  queued: "pending",
  running: "running",
  retrying: "pending",
  succeeded: "succeeded",
  dead: "failed",
  cancelled: "failed",
  skipped: "refused",
};

/** The columns of a tracking row that follow the run. */
export function trackingColumns(run: Run): { state: UpdateState; error: string | null; finishedAt: Date | null } {
  return {
    state: STATE_OF[run.state],
    error: run.state === "succeeded" ? null : reasonOf(run),
    finishedAt: run.finishedAt,
  };
}

/** The sort key of the last row of a page. An id of `Infinity` starts before, and 0 after all rows of the instant. */
export interface UpdateCursor {
  readonly requestedAt: Date;
  readonly id: number;
}

export interface UpdatePage {
  readonly state?: UpdateState | undefined;
  readonly after?: UpdateCursor | undefined;
  readonly limit: number;
}

/** Newest first. */
export async function newestUpdates<Table extends TrackingTable>(
  db: Executor,
  table: Table,
  { state, after, limit }: UpdatePage,
): Promise<Table["$inferSelect"][]> {
  const columns = common(table);
  const isAfter =
    after &&
    sql`(${columns.requestedAt}, ${columns.id}) < (${after.requestedAt.toISOString()}::timestamptz,
      ${Math.min(after.id, Number.MAX_SAFE_INTEGER)}::bigint)`;
  return db
    .select()
    .from(columns)
    .where(and(state && eq(columns.state, state), isAfter))
    .orderBy(desc(columns.requestedAt), desc(columns.id))
    .limit(limit);
}

/**
 * Deletes finished rows older than `cutoff`, except the last of each kind.
 * @param kind the expressions that define a kind
 * @returns the number of deleted rows
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

/** Drizzle types each table separately; all of them have the columns used here. */
function common(table: TrackingTable): typeof exchangeRateUpdates {
  return table as typeof exchangeRateUpdates;
}
