import type { Tx } from "#data/client.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import type { NewRun } from "#data/platform/waiting-runs.ts";
import type { Job } from "#jobs/job.ts";
import { InvalidInput } from "#jobs/endings.ts";
import type { Enqueuer } from "#runner/enqueue.ts";

/** How ended runs are run again. */
export interface Repeat {
  readonly trigger: "retry" | "replay";
  readonly requestedBy: string;
  /** Another input than theirs. */
  readonly input?: unknown;
  readonly idempotencyKey?: string | null;
}

export interface NotRepeated {
  readonly run: string;
  readonly reason: string;
}

/**
 * Makes a new run for each of some ended runs of one job: same input, same moment if it was a slot's, the old one as its parent.
 * One whose repeat still waits or runs, or whose input no longer fits, is refused. Send the runs when the transaction has committed.
 */
export async function repeatRuns(
  { enqueuer }: { enqueuer: Pick<Enqueuer, "newRun" | "enqueueRepeats"> },
  tx: Tx,
  job: Job,
  ended: readonly Run[],
  { trigger, requestedBy, input, idempotencyKey }: Repeat,
): Promise<{ runs: Run[]; refused: NotRepeated[] }> {
  const refused: NotRepeated[] = [];
  const candidates: NewRun[] = [];
  for (const old of ended) {
    try {
      candidates.push(
        enqueuer.newRun(job, {
          trigger,
          requestedBy,
          input: input === undefined ? old.input : input,
          parentRunId: old.id,
          correlationId: old.correlationId,
          asOf: old.asOf ?? old.scheduledFor,
          ...(idempotencyKey && { idempotencyKey }),
        }),
      );
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      refused.push({ run: old.id, reason: `its input does not fit: ${error.message}` });
    }
  }
  const runs = await enqueuer.enqueueRepeats(tx, job, candidates);
  const repeated = new Set(runs.map(({ parentRunId }) => parentRunId));
  for (const { parentRunId } of candidates) {
    if (!repeated.has(parentRunId!)) refused.push({ run: parentRunId!, reason: "its repeat still waits or runs" });
  }
  return { runs, refused };
}
