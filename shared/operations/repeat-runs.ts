import type { Tx } from "#data/client.ts";
import {
  lockChains,
  type RepeatableRun,
  repeatableRuns,
  type RepeatCursor,
  type RepeatPage,
} from "#data/platform/run-repeats.ts";
import type { JobCatalogue } from "#jobs/catalogue.ts";
import type { StartedRepeat } from "#runner/enqueue.ts";
import { batchesOf, type NewRepeats, repeatBatch, type RepeatEnqueuer } from "./repeat-batch.ts";
import { type NotRepeated, type Repeatable, repeatRefusal } from "./repeat-refusal.ts";

/** What makes repeats. */
export interface Repeater {
  readonly enqueuer: RepeatEnqueuer;
  readonly jobs: JobCatalogue;
}

/** How ended runs are repeated. */
export interface Repeat extends NewRepeats {
  readonly which: Repeatable;
}

/** The new runs, and the runs that were not repeated. */
export interface Repeats {
  readonly runs: readonly StartedRepeat[];
  readonly refused: readonly NotRepeated[];
}

/**
 * Makes a new run for each of several ended ones: with the same input and the same slot, as a child of the old run. No
 * run of a chain is repeated while another one waits or runs, or when one has succeeded. Dispatch the runs after the
 * commit.
 */
export async function repeatRuns(app: Repeater, tx: Tx, ids: readonly string[], repeat: Repeat): Promise<Repeats> {
  await lockChains(tx, ids);
  // A statement of its own: it sees what the transactions that had the locks have committed.
  const found = await repeatableRuns(tx, ids);
  const known = new Set(found.map(({ id }) => id));
  const missing = ids.filter((id) => !known.has(id.toLowerCase()));
  const refused: NotRepeated[] = missing.map((run) => ({ run, code: "not-found", reason: `there is no run ${run}` }));
  const runs: StartedRepeat[] = [];
  const repeatable: RepeatableRun[] = [];
  for (const run of found) {
    const refusal = repeatRefusal(run, repeat.which);
    if (refusal) refused.push(refusal);
    else repeatable.push(run);
  }
  for (const [jobId, ofJob] of Map.groupBy(repeatable, (run) => run.jobId)) {
    const job = await app.jobs.find(jobId);
    if (!job) {
      const reason = `there is no job ${jobId} in this version of the app`;
      refused.push(...ofJob.map(({ id }) => ({ run: id, code: "no-such-job" as const, reason })));
      continue;
    }
    for (const batch of batchesOf(ofJob)) {
      const done = await repeatBatch(app.enqueuer, tx, { job, batch }, repeat);
      runs.push(...done.runs);
      refused.push(...done.refused);
    }
  }
  return { runs, refused };
}

/** Which runs to repeat, in pages. */
export interface RepeatSelection extends RepeatPage {
  readonly idsOf: (page: RepeatPage) => Promise<readonly string[]>;
}

/** The repeats of a page of runs. */
export interface RepeatedPage extends Repeats {
  /** Null on the last page. */
  readonly next: RepeatCursor | null;
}

/** Repeats a page of runs. */
export async function repeatPage(
  app: Repeater,
  tx: Tx,
  { idsOf, limit, ...cursor }: RepeatSelection,
  repeat: Repeat,
): Promise<RepeatedPage> {
  const found = await idsOf({ ...cursor, limit: limit + 1 });
  const ids = found.slice(0, limit);
  const done = await repeatRuns(app, tx, ids, repeat);
  return { ...done, next: found.length > limit ? { ...cursor, after: ids.at(-1)! } : null };
}
