import type { Db, Executor } from "../../data/client.ts";
import type { Run } from "../../data/platform/schema.ts";
import type { Job } from "../define-job.ts";

/** Writes a run's row, with the family's own tracking in the same transaction. */
export async function tracked(
  db: Db,
  job: Pick<Job, "onTransition">,
  write: (db: Executor) => Promise<Run | undefined>,
): Promise<Run | undefined> {
  const { onTransition } = job;
  if (!onTransition) return write(db);
  return db.transaction(async (tx) => {
    const row = await write(tx);
    if (row) await onTransition(tx, row);
    return row;
  });
}
