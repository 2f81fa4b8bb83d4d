import type { Tx } from "#data/client.ts";
import { type DiscardedRunFilter, discardedRunIds } from "#data/platform/discarded-runs.ts";
import type { RepeatPage } from "#data/platform/run-repeats.ts";
import { type RepeatedPage, type Repeater, repeatPage, repeatRuns } from "./repeat-runs.ts";

/** Runs that ended without success: the listed ones, or a page of those of a filter, oldest first. */
export type RetrySelection =
  { readonly ids: readonly string[] } | { readonly filter: DiscardedRunFilter; readonly page: RepeatPage };

/**
 * Makes a new run for each selected run that is the last of its chain, with the same input. Dispatch the runs after the
 * commit.
 */
export async function retryRuns(
  app: Repeater,
  tx: Tx,
  selection: RetrySelection,
  by: { readonly requestedBy: string; readonly idempotencyKey: string | null },
): Promise<RepeatedPage> {
  const repeat = { ...by, trigger: "retry", which: "last" } as const;
  if ("ids" in selection) return { ...(await repeatRuns(app, tx, selection.ids, repeat)), next: null };
  const { filter, page } = selection;
  return repeatPage(app, tx, { ...page, idsOf: (page) => discardedRunIds(tx, filter, page) }, repeat);
}

/** Makes the repeats of a dry run: it checks everything, and stores nothing. */
export function withoutStoring({ enqueuer, jobs }: Repeater): Repeater {
  return {
    jobs,
    enqueuer: {
      checkedRun: (...given) => enqueuer.checkedRun(...given),
      enqueueRepeats: async (_tx, _job, rows) =>
        rows.map(({ id, jobId, parentRunId }) => ({ id, jobId, notBefore: null, parentRunId: parentRunId! })),
    },
  };
}
