import type { Tx } from "#data/client.ts";
import { type DeadRunFilter, deadRunsAfter } from "#data/platform/dead-letters.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import type { JobCatalogue } from "#jobs/catalogue.ts";
import type { Enqueuer } from "#runner/enqueue.ts";
import { type NotRepeated, type Repeat, repeatRuns } from "./repeat-runs.ts";

/** Rows per statement. */
const BATCH = 500;
/** Most runs of one request, which is one transaction. */
const MAX_RUNS = 10_000;

/** The result of a replay. */
export interface Replayed {
  readonly runs: readonly Run[];
  readonly refused: readonly NotRepeated[];
  /** Whether more runs match than one request replays. */
  readonly more: boolean;
}

/**
 * Makes a new run for each dead run of a filter, oldest first. An id of the filter that is no dead run is refused.
 * Dispatch the runs after the commit.
 */
export async function replayDeadRuns(
  app: { readonly enqueuer: Pick<Enqueuer, "checkedRun" | "enqueueRepeats">; readonly jobs: JobCatalogue },
  tx: Tx,
  filter: DeadRunFilter,
  repeat: Repeat,
): Promise<Replayed> {
  const runs: Run[] = [];
  const refused: NotRepeated[] = [];
  const missing = new Set(filter.ids);
  let after: string | null = null;
  for (let read = 0; read < MAX_RUNS; read += BATCH) {
    const dead: Run[] = await deadRunsAfter(tx, filter, { after, limit: BATCH });
    for (const { id } of dead) missing.delete(id);
    for (const [jobId, ofJob] of Map.groupBy(dead, (run) => run.jobId)) {
      const job = await app.jobs.find(jobId);
      if (job) {
        const done = await repeatRuns(app, tx, job, ofJob, repeat);
        runs.push(...done.runs);
        refused.push(...done.refused);
      } else {
        refused.push(
          ...ofJob.map(({ id }) => ({ run: id, reason: `there is no job ${jobId} in this version of the app` })),
        );
      }
    }
    if (dead.length < BATCH) {
      refused.push(...[...missing].map((run) => ({ run, reason: `there is no dead run ${run}` })));
      return { runs, refused, more: false };
    }
    after = dead.at(-1)?.id ?? null;
  }
  return { runs, refused, more: true };
}
