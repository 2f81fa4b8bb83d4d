import type { Tx } from "#data/client.ts";
import type { Counts, Page, PageResult } from "#jobs/context.ts";
import type { JobLog } from "#jobs/job-log.ts";
import type { ItemFailures } from "./item-failures.ts";

/** Ids that one line of the log names; the rest is a count. */
const LOGGED_IDS = 20;

export interface PaginateTools {
  readonly transaction: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  readonly signal: AbortSignal;
  readonly log: JobLog;
  readonly failures: ItemFailures;
}

/** Calls `work` page after page until no rows are left. The result of a page counts once it has committed. */
export async function paginate<Cursor>(
  { transaction, signal, log, failures }: PaginateTools,
  limit: number,
  work: (tx: Tx, page: Page<Cursor>) => Promise<PageResult<Cursor>>,
): Promise<Counts> {
  const sum: Counts = {};
  for (let after: Cursor | null = null; ;) {
    signal.throwIfAborted();
    const page: Page<Cursor> = { limit, after };
    const { next, counts, affected = [], failed = [] } = await transaction((tx) => work(tx, page));
    for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
    failures.recordAll(failed, log);
    if (affected.length > 0) log.info("Committed", { rows: affected.length, ids: affected.slice(0, LOGGED_IDS) });
    if (next === null) return sum;
    after = next;
  }
}
