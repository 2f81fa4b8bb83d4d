import type { Db, Tx } from "#data/client.ts";
import type { Run } from "#data/platform/schema.ts";
import type { Counts, JobContext, LayerControls, RunResult } from "#jobs/define-job.ts";
import { LeaseLost } from "#jobs/endings.ts";
import { isDatabaseTrouble } from "#jobs/error-class.ts";
import type { JobLog } from "#jobs/job-log.ts";
import type { Watch } from "#jobs/run-observer.ts";
import type { Clock } from "#schedule/clock.ts";
import type { Config } from "#settings/config.ts";
import { fencedTransaction } from "./fencing.ts";
import type { HeldRun } from "./heartbeat.ts";
import { ItemFailures } from "./item-failures.ts";
import { once } from "./once.ts";
import type { WaitingRun } from "./sending.ts";
import type { Settled } from "./settlement.ts";
import { walk } from "./walk.ts";

/** What a context is made of. */
export interface ContextTools {
  readonly db: Db;
  readonly settings: Config;
  readonly clock: Clock;
  readonly layer: LayerControls;
  readonly log: JobLog;
  readonly held: HeldRun;
  readonly publish: Watch["publish"];
  /** Ends the run as succeeded, in a transaction of its work. */
  readonly settleIn: (tx: Tx, result: RunResult) => Promise<Settled>;
}

/** The runs that open transactions have asked for, to be sent once they have committed. */
const asked = new WeakMap<Tx, WaitingRun[]>();

/** What a job's work gets to work with. */
export function contextOf(
  run: Run,
  input: unknown,
  { db, settings, clock, layer, log, held, publish, settleIn }: ContextTools,
): JobContext<never> {
  const { signal } = held.abort;
  const transaction = async <T>(work: (tx: Tx) => Promise<T>) => {
    let children: readonly WaitingRun[] = [];
    const withChildren = async (tx: Tx) => {
      const result = await work(tx);
      signal.throwIfAborted();
      children = asked.get(tx) ?? [];
      return result;
    };
    const result = await retriedOnce(signal, async () => {
      signal.throwIfAborted();
      return fencedTransaction(db, [held], withChildren);
    });
    await layer.send(children);
    return result;
  };
  return {
    input: input as never,
    asOf: run.asOf ?? run.scheduledFor ?? run.queuedAt,
    signal,
    db,
    settings,
    clock,
    layer,
    log,
    run,
    transaction,
    async finish(work) {
      const { settled, result, children } = await retriedOnce(signal, () =>
        db.transaction(async (tx) => {
          signal.throwIfAborted();
          const done = (await work(tx)) ?? {};
          signal.throwIfAborted();
          const written = await settleIn(tx, done);
          // Written only while the run is ours: the same fence as everywhere, in the statement that ends it.
          if (written.runs.length === 0) throw new LeaseLost(run.id);
          return { settled: written, result: done, children: asked.get(tx) ?? [] };
        }),
      );
      held.settled = settled;
      await layer.send(children);
      return result;
    },
    async enqueue(tx, jobId, childInput = {}) {
      ask(tx, [await layer.enqueueChild(tx, run, jobId, childInput)]);
    },
    async enqueueAll(tx, jobId, inputs) {
      ask(tx, await layer.enqueueChildren(tx, run, jobId, inputs));
    },
    publish,
    once: (key, effect, options) => once({ db, clock, runId: run.id }, key, effect, options),
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
    walk: (limit, work) =>
      walk({ transaction, signal, log, failures: (held.failures ??= new ItemFailures()) }, limit, work),
    progress(done, total, note) {
      held.progress = { done, ...(total !== undefined && { total }), ...(note !== undefined && { note }) };
    },
  };
}

function ask(tx: Tx, runs: readonly WaitingRun[]): void {
  asked.set(tx, [...(asked.get(tx) ?? []), ...runs]);
}

/** A database error is tried once more at once: a deadlock or a dropped connection is mostly gone by then. */
async function retriedOnce<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted || !isDatabaseTrouble(error)) throw error;
    return work();
  }
}
