import type { Tx } from "#data/client.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import type { Counts, JobContext, RunResult } from "#jobs/context.ts";
import { isDatabaseError } from "#jobs/error-class.ts";
import type { JobLog } from "#jobs/job-log.ts";
import type { RunObserver } from "#jobs/run-observer.ts";
import type { AttemptReport } from "./attempt-report.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import type { WaitingRun } from "./dispatch.ts";
import type { Completed } from "./ending.ts";
import type { Enqueuer } from "./enqueue.ts";
import { fencedTransaction, orLeaseLost } from "./fencing.ts";
import type { HeldRun } from "./held-run.ts";
import { once } from "./once.ts";
import { paginate } from "./paginate.ts";
import { instantOf } from "./run-instant.ts";

/** What contexts are made of, the same for all attempts. */
export interface SharedTools extends Pick<RunnerDependencies, "db" | "settings" | "clock" | "outbound" | "callPolicy"> {
  readonly publish: RunObserver["publish"];
  readonly enqueuer: Pick<Enqueuer, "enqueueChild" | "enqueueChildren" | "dispatch">;
}

/** What one attempt adds. */
export interface AttemptTools {
  readonly held: HeldRun;
  readonly log: JobLog;
  /** Collects what the work reports. */
  readonly report: AttemptReport;
  /** Completes the run as succeeded, with the last statement of a transaction of its work. */
  readonly completeIn: (tx: Tx, result: RunResult) => Promise<() => Promise<Completed>>;
}

/** The runs that open transactions have enqueued, to be dispatched after the commit. */
const enqueued = new WeakMap<Tx, WaitingRun[]>();

/** What the work of a job gets. */
export function contextOf(
  run: Run,
  input: unknown,
  { db, settings, clock, publish, enqueuer, outbound, callPolicy }: SharedTools,
  { held, log, report, completeIn }: AttemptTools,
): JobContext<never> {
  const { signal } = held.abort;
  const policy = callPolicy?.(run);
  const transaction = async <T>(work: (tx: Tx) => Promise<T>) => {
    let children: readonly WaitingRun[] = [];
    const withChildren = async (tx: Tx) => {
      const result = await work(tx);
      signal.throwIfAborted();
      children = enqueued.get(tx) ?? [];
      return result;
    };
    const result = await retriedOnce(signal, async () => {
      signal.throwIfAborted();
      return fencedTransaction(db, [held], withChildren);
    });
    await enqueuer.dispatch(children);
    return result;
  };
  return {
    input: input as never,
    asOf: instantOf(run),
    signal,
    db,
    settings,
    clock,
    log,
    run,
    transaction,
    async finish(work) {
      const { completed, result, children } = await retriedOnce(signal, () =>
        orLeaseLost(
          db.transaction(async (tx) => {
            signal.throwIfAborted();
            const returned = (await work(tx)) ?? {};
            signal.throwIfAborted();
            // The completion is its own fence: it fails when another process holds the run.
            return { completed: await completeIn(tx, returned), result: returned, children: enqueued.get(tx) ?? [] };
          }),
        ),
      );
      report.finished = await completed();
      await enqueuer.dispatch(children);
      return result;
    },
    async enqueue(tx, jobId, childInput = {}) {
      dispatchAfterCommit(tx, [await enqueuer.enqueueChild(tx, run, jobId, childInput)]);
    },
    async enqueueAll(tx, jobId, inputs) {
      dispatchAfterCommit(tx, await enqueuer.enqueueChildren(tx, run, jobId, inputs));
    },
    publish,
    outbound: (options) => outbound({ ...options, policy }),
    callPolicy: policy,
    once: (key, effect, options) => once({ db, clock, runId: run.id, signal }, key, effect, options),
    async batches(limit, work) {
      const sum: Counts = {};
      for (;;) {
        signal.throwIfAborted();
        const counts = await transaction((tx) => work(tx, limit));
        let done = 0;
        for (const [name, count] of Object.entries(counts)) {
          sum[name] = (sum[name] ?? 0) + count;
          done += count;
        }
        if (done === 0) return sum;
      }
    },
    paginate: (limit, work) => paginate({ transaction, signal, log, failures: report.itemFailures }, limit, work),
    recordFailures(failed) {
      report.itemFailures.recordAll(failed, log);
    },
    progress(done, total, note) {
      report.progress = { done, ...(total !== undefined && { total }), ...(note !== undefined && { note }) };
    },
  };
}

function dispatchAfterCommit(tx: Tx, runs: readonly WaitingRun[]): void {
  enqueued.set(tx, [...(enqueued.get(tx) ?? []), ...runs]);
}

/** Repeats a transaction once after a database error: a deadlock or a dropped connection is mostly over by then. */
async function retriedOnce<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted || !isDatabaseError(error)) throw error;
    return work();
  }
}
