import type { Tx } from "#data/client.ts";
import { type DeadRunFilter, deadRunIds } from "#data/platform/dead-letters.ts";
import type { RepeatPage } from "#data/platform/run-repeats.ts";
import { type Repeat, type RepeatedPage, type Repeater, repeatPage } from "./repeat-runs.ts";

/**
 * Makes a new run for each dead run of a page of a filter, oldest first. An id of the filter that is no dead run is
 * refused. Dispatch the runs after the commit.
 */
export async function replayDeadRuns(
  app: Repeater,
  tx: Tx,
  filter: DeadRunFilter,
  { page, ...repeat }: Omit<Repeat, "which"> & { readonly page: RepeatPage },
): Promise<RepeatedPage> {
  const missing = new Set(filter.ids?.map((id) => id.toLowerCase()));
  const idsOf = async (page: RepeatPage) => {
    const ids = await deadRunIds(tx, filter, page);
    for (const id of ids) missing.delete(id);
    return ids;
  };
  const done = await repeatPage(app, tx, { ...page, idsOf }, { ...repeat, which: "open" });
  const notDead = [...missing].map((run) => ({
    run,
    code: "not-found" as const,
    reason: `there is no dead run ${run}`,
  }));
  return { ...done, refused: [...done.refused, ...notDead] };
}
