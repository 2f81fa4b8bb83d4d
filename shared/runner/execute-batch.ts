import type { BatchContext, BatchedRun } from "#jobs/context.ts";
import { RunTimeout } from "#jobs/endings.ts";
import { asError } from "#jobs/error-class.ts";
import { readInput } from "#jobs/input.ts";
import type { Job } from "#jobs/job.ts";
import type { BatchWork } from "#jobs/work.ts";
import { inWords } from "#schedule/duration.ts";
import { type Attempt, attempts } from "./attempt-channel.ts";
import { endingOf, type Executed, type OpenEnding, returned } from "./ending.ts";
import type { ExecuteTools } from "./execute.ts";
import { fencedTransaction } from "./fencing.ts";
import { orAfterGracePeriod } from "./grace-period.ts";
import type { Claimed } from "./held-run.ts";
import { instantOf } from "./run-instant.ts";
import { asWorkOf } from "./unhandled-rejections.ts";

/**
 * Executes many runs of one job together. A run whose input does not match fails alone; so does one that the work
 * names. An error of the whole batch counts for every run: each is retried by its own policy.
 */
export async function executeBatch(
  tools: Omit<ExecuteTools, "enqueuer" | "completion" | "upkeep">,
  job: Job & { readonly work: BatchWork<never> },
  claimed: readonly Claimed[],
): Promise<Executed[]> {
  const log = tools.log.with({ job: job.id });
  const signal = AbortSignal.any(claimed.map(({ held }) => held.abort.signal));
  const endings = new Map<string, OpenEnding>();
  const batched: BatchedRun<never>[] = [];
  for (const { run } of claimed) {
    try {
      const input = readInput(job, run.input) as never;
      batched.push({ id: run.id, input, asOf: instantOf(run), attempt: run.attempt });
    } catch (thrown) {
      endings.set(run.id, { kind: "threw", error: asError(thrown) });
    }
  }
  // Runs of one batch come from one queue: the first one stands for all.
  const policy = claimed[0] && tools.callPolicy?.(claimed[0].run);
  const context: BatchContext<never> = {
    runs: batched,
    signal,
    db: tools.db,
    settings: tools.settings,
    clock: tools.clock,
    log,
    publish: tools.publish,
    outbound: (options) => tools.outbound({ ...options, policy }),
    callPolicy: policy,
    transaction: (work) =>
      fencedTransaction(
        tools.db,
        claimed.map(({ held }) => held),
        async (tx) => {
          const result = await work(tx);
          signal.throwIfAborted();
          return result;
        },
      ),
    result: ({ id }, result) => endings.set(id, returned(result)),
    fail: ({ id }, error) => endings.set(id, endingOf(error)),
  };
  const traced: Attempt = { jobId: job.id, runs: claimed.map(({ run }) => run) };
  const timer = setTimeout(() => {
    const reason = new RunTimeout(`took longer than the ${inWords(job.timeoutMs)} that ${job.id} allows`);
    for (const { held } of claimed) held.abort.abort(reason);
  }, job.timeoutMs);
  try {
    const work = () => attempts.tracePromise(async () => job.work.runBatch(context), traced);
    if (batched.length) await orAfterGracePeriod(asWorkOf(log, work), signal, log);
    for (const { id } of batched) if (!endings.has(id)) endings.set(id, returned({}));
  } catch (thrown) {
    const isStopped = claimed.some(({ held }) => held.abort.signal.aborted);
    for (const { run, held } of claimed) {
      if (!batched.some(({ id }) => id === run.id)) continue;
      // One run that is stopped stops the batch. The others run again without it; the attempt does not count for them.
      const others: OpenEnding = isStopped ? { kind: "interrupted" } : { kind: "threw", error: asError(thrown) };
      endings.set(run.id, held.abort.signal.aborted ? endingOf(held.abort.signal.reason) : others);
    }
  } finally {
    clearTimeout(timer);
  }
  return claimed.map(({ run }) => ({ run, ending: endings.get(run.id)!, progress: null }));
}
