import type { Tx } from "#data/client.ts";
import type { Counts, Page, Walked } from "#jobs/define-job.ts";
import type { JobLog } from "#jobs/job-log.ts";
import type { ItemFailures } from "./item-failures.ts";

/** Ids that one line of the log names; the rest is a count. */
const LOGGED_IDS = 20;

export interface WalkTools {
  readonly transaction: <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;
  readonly signal: AbortSignal;
  readonly log: JobLog;
  readonly failures: ItemFailures;
}

/** Does `work` page after page until there is nothing left. What a page did counts once it is committed, and only then. */
export async function walk<Place>(
  { transaction, signal, log, failures }: WalkTools,
  limit: number,
  work: (tx: Tx, page: Page<Place>) => Promise<Walked<Place>>,
): Promise<Counts> {
  const sum: Counts = {};
  for (let after: Place | null = null; ;) {
    signal.throwIfAborted();
    const page: Page<Place> = { limit, after };
    const { last, counts, affected = [], failed = [] } = await transaction((tx) => work(tx, page));
    for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
    for (const { key, error } of failed) failures.record(key, error, log);
    if (affected.length > 0) log.info("Committed", { rows: affected.length, ids: affected.slice(0, LOGGED_IDS) });
    if (last === null) return sum;
    after = last;
  }
}
