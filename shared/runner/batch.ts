import type { Run } from "#data/platform/schema.ts";
import type { BatchContext, BatchedRun, BatchWork, Job } from "#jobs/define-job.ts";
import { asError } from "#jobs/error-class.ts";
import { readInput } from "#jobs/input.ts";
import { type Attempt, attempts, endingOf } from "./attempt.ts";
import type { ContextTools } from "./context.ts";
import { fencedTransaction } from "./fencing.ts";
import type { HeldRun } from "./heartbeat.ts";
import { patiently } from "./patience.ts";
import type { Ending } from "./transition.ts";
import { asWorkOf } from "./unhandled-rejections.ts";

/**
 * Does many runs of one job together. A run whose input does not fit fails alone; so does one that the work names. An error
 * of the whole batch is every run's: each is tried again by its own policy.
 */
export async function performBatch(
  job: Job & { work: BatchWork<never> },
  runs: readonly { readonly run: Run; readonly held: HeldRun }[],
  tools: Omit<ContextTools, "held" | "layer" | "settleIn"> & { readonly signal: AbortSignal },
): Promise<Map<string, Ending>> {
  const endings = new Map<string, Ending>();
  const batched: BatchedRun<never>[] = [];
  for (const { run } of runs) {
    try {
      const input = readInput(job, run.input) as never;
      batched.push({ id: run.id, input, asOf: run.asOf ?? run.scheduledFor ?? run.queuedAt, attempt: run.attempt });
    } catch (thrown) {
      endings.set(run.id, { kind: "threw", error: asError(thrown) });
    }
  }
  const context: BatchContext<never> = {
    runs: batched,
    signal: tools.signal,
    db: tools.db,
    settings: tools.settings,
    clock: tools.clock,
    log: tools.log,
    publish: tools.publish,
    transaction: (work) =>
      fencedTransaction(
        tools.db,
        runs.map(({ held }) => held),
        async (tx) => {
          const result = await work(tx);
          tools.signal.throwIfAborted();
          return result;
        },
      ),
    fail: ({ id }, error) => endings.set(id, endingOf(error)),
  };
  const told: Attempt = { jobId: job.id, runs: runs.map(({ run }) => run) };
  try {
    const work = () => attempts.tracePromise(async () => job.work.runBatch(context), told);
    if (batched.length) await patiently(asWorkOf(tools.log, work), tools.signal, tools.log);
    for (const { id } of batched) {
      if (!endings.has(id)) endings.set(id, { kind: "returned", result: {}, itemFailures: [], itemFailureCount: 0 });
    }
  } catch (thrown) {
    const stopped = runs.some(({ held }) => held.abort.signal.aborted);
    for (const { run, held } of runs) {
      if (!batched.some(({ id }) => id === run.id)) continue;
      // One that is stopped stops the batch; the others go on without it, at no attempt's cost.
      const others: Ending = stopped ? { kind: "interrupted" } : { kind: "threw", error: asError(thrown) };
      endings.set(run.id, held.abort.signal.aborted ? endingOf(held.abort.signal.reason) : others);
    }
  }
  return endings;
}
