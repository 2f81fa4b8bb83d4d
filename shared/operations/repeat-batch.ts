import type { Tx } from "#data/client.ts";
import type { RepeatableRun } from "#data/platform/run-repeats.ts";
import { inputsOf, type NewRun } from "#data/platform/waiting-runs.ts";
import { InvalidInput } from "#jobs/endings.ts";
import type { Job } from "#jobs/job.ts";
import type { Enqueuer, StartedRepeat } from "#runner/enqueue.ts";
import type { NotRepeated } from "./repeat-refusal.ts";

export type RepeatEnqueuer = Pick<Enqueuer, "checkedRun" | "enqueueRepeats">;

/** What new runs get that repeat others. */
export interface NewRepeats {
  readonly trigger: "retry" | "replay";
  readonly requestedBy: string;
  /** Replaces the inputs of the runs. */
  readonly input?: unknown;
  readonly idempotencyKey?: string | null;
}

/** The most inputs of one statement: by their number, and by their bytes. */
const MOST = { runs: 2_000, bytes: 16 * 1_048_576 };
/** Checks of inputs under way: their statements share the connection of the transaction. */
const CHECKS_AT_ONCE = 100;

/** Splits runs into batches whose inputs one statement can carry. A larger input is a batch of its own. */
export function batchesOf(runs: readonly RepeatableRun[]): RepeatableRun[][] {
  const batches: RepeatableRun[][] = [];
  let bytes = 0;
  for (const run of runs) {
    const batch = batches.at(-1);
    bytes += run.inputSize;
    if (batch && batch.length < MOST.runs && bytes <= MOST.bytes) {
      batch.push(run);
    } else {
      batches.push([run]);
      bytes = run.inputSize;
    }
  }
  return batches;
}

/**
 * Repeats runs of one job. Of these, a run is refused whose input does not match the job's schema or fails its check.
 */
export async function repeatBatch(
  enqueuer: RepeatEnqueuer,
  tx: Tx,
  { job, batch }: { readonly job: Job; readonly batch: readonly RepeatableRun[] },
  { input, idempotencyKey, ...by }: NewRepeats,
): Promise<{ runs: readonly StartedRepeat[]; refused: readonly NotRepeated[] }> {
  const ids = batch.map(({ id }) => id);
  const inputs = new Map<string, unknown>();
  if (input === undefined) for (const run of await inputsOf(tx, ids)) inputs.set(run.id, run.input);
  const refused: NotRepeated[] = [];
  const candidates: NewRun[] = [];
  const check = async (old: RepeatableRun) => {
    try {
      const request = {
        ...by,
        input: input ?? inputs.get(old.id),
        parentRunId: old.id,
        correlationId: old.correlationId,
        asOf: old.asOf ?? old.scheduledFor,
        ...(idempotencyKey && { idempotencyKey }),
      };
      candidates.push(await enqueuer.checkedRun(tx, job, request));
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      const reason = `its input is not valid: ${error.message}`;
      refused.push({ run: old.id, code: "invalid-input", reason, issues: error.issues });
    }
  };
  for (let from = 0; from < batch.length; from += CHECKS_AT_ONCE) {
    await Promise.all(batch.slice(from, from + CHECKS_AT_ONCE).map(check));
  }
  const runs = await enqueuer.enqueueRepeats(tx, job, candidates);
  const repeated = new Set(runs.map(({ parentRunId }) => parentRunId));
  for (const { parentRunId } of candidates) {
    if (repeated.has(parentRunId!)) continue;
    refused.push({ run: parentRunId!, code: "repeat-is-live", reason: "its repeat is still waiting or running" });
  }
  return { runs, refused };
}
