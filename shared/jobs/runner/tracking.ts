import type { Db, Executor, Tx } from "../../data/client.ts";
import type { Run } from "../../data/platform/schema.ts";
import type { Job } from "../define-job.ts";

/** Tells a job of runs that have just come into their states, in the transaction that moved them. */
export async function follow(
  tx: Tx,
  job: Pick<Job, "onTransition" | "onGivenUp">,
  runs: readonly Run[],
): Promise<void> {
  for (const run of runs) await job.onTransition?.(tx, run);
  const givenUp = runs.filter(({ state }) => state === "dead" || state === "cancelled" || state === "skipped");
  if (givenUp.length) await job.onGivenUp?.(tx, givenUp);
}

/** Writes a run's row, with the family's own tracking in the same transaction. */
export async function tracked(
  db: Db,
  job: Pick<Job, "onTransition" | "onGivenUp">,
  write: (db: Executor) => Promise<Run | undefined>,
): Promise<Run | undefined> {
  if (!job.onTransition && !job.onGivenUp) return write(db);
  return db.transaction(async (tx) => {
    const row = await write(tx);
    if (row) await follow(tx, job, [row]);
    return row;
  });
}
