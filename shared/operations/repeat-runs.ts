import type { Tx } from "#data/client.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import type { NewRun } from "#data/platform/waiting-runs.ts";
import { InvalidInput } from "#jobs/endings.ts";
import type { Job } from "#jobs/job.ts";
import type { Enqueuer } from "#runner/enqueue.ts";

/** How ended runs are repeated. */
export interface Repeat {
  readonly trigger: "retry" | "replay";
  readonly requestedBy: string;
  /** Replaces the inputs of the runs. */
  readonly input?: unknown;
  readonly idempotencyKey?: string | null;
}

/** A run that was not repeated, and why. */
export interface NotRepeated {
  readonly run: string;
  readonly reason: string;
  /** The faults of its input, where they are the reason. */
  readonly issues?: InvalidInput["issues"];
}

/**
 * Makes a new run for each of several ended runs of one job: with the same input and the same slot, as a child of the
 * old run. A run with an unfinished repeat is refused, and one with an input that does not match the job's schema or
 * fails its check. Dispatch the runs after the commit.
 */
export async function repeatRuns(
  { enqueuer }: { enqueuer: Pick<Enqueuer, "checkedRun" | "enqueueRepeats"> },
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
        await enqueuer.checkedRun(tx, job, {
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
      refused.push({ run: old.id, reason: `its input is not valid: ${error.message}`, issues: error.issues });
    }
  }
  const runs = await enqueuer.enqueueRepeats(tx, job, candidates);
  const repeated = new Set(runs.map(({ parentRunId }) => parentRunId));
  for (const { parentRunId } of candidates) {
    if (!repeated.has(parentRunId!))
      refused.push({ run: parentRunId!, reason: "its repeat is still waiting or running" });
  }
  return { runs, refused };
}
