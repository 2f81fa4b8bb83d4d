import { findRun } from "#data/platform/job-runs.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import type { UpkeepControls } from "#jobs/context.ts";
import { type Job, needsOf } from "#jobs/job.ts";
import type { BatchWork } from "#jobs/work.ts";
import type { Backfills } from "./advance-backfills.ts";
import { announce } from "./announce.ts";
import type { Completion } from "./complete.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import type { Executed } from "./ending.ts";
import type { Enqueuer } from "./enqueue.ts";
import { execute, type ExecuteTools } from "./execute.ts";
import { executeBatch } from "./execute-batch.ts";
import { Heartbeat } from "./heartbeat.ts";
import { type Claimed, hold, interrupt } from "./held-run.ts";
import { logOf, logStart } from "./run-log.ts";

/** What the pipeline is made of. */
export interface PipelineParts {
  readonly enqueuer: Enqueuer;
  readonly completion: Completion;
  readonly backfills: Backfills;
  /** Passed to upkeep jobs alone. */
  readonly upkeep: UpkeepControls;
}

/** Takes claimed runs through their attempt to its end, while the heartbeat renews their leases. */
export class Pipeline {
  readonly #deps: RunnerDependencies;
  readonly #tools: ExecuteTools;
  readonly #completion: Completion;
  readonly #backfills: Backfills;
  readonly #heartbeat: Heartbeat;
  readonly #active = new Set<Promise<unknown>>();
  #graceIsOver = false;

  constructor(deps: RunnerDependencies, { enqueuer, completion, backfills, upkeep }: PipelineParts) {
    const { db, settings, clock, log, observer, outbound, callPolicy } = deps;
    this.#deps = deps;
    this.#tools = {
      db,
      settings,
      clock,
      log,
      outbound,
      ...(callPolicy && { callPolicy }),
      publish: (tx, events) => observer?.publish(tx, events),
      enqueuer,
      completion,
      upkeep,
    };
    this.#completion = completion;
    this.#backfills = backfills;
    this.#heartbeat = new Heartbeat(deps.beatDb ?? db, {
      leaseMs: deps.leaseMs,
      everyMs: deps.heartbeatMs,
      log,
      onProgress: observer?.progressed,
    });
  }

  get activeRuns(): number {
    return this.#heartbeat.size;
  }

  /** @param runs of one job, claimed by this process. @returns them as they ended */
  async process(job: Job, runs: readonly Run[]): Promise<Run[]> {
    const work = this.#process(job, runs);
    this.#active.add(work);
    try {
      return await work;
    } finally {
      this.#active.delete(work);
    }
  }

  /** Waits for all active runs; after `graceMs` it interrupts them, and other processes repeat their attempts. */
  async drain(graceMs: number): Promise<void> {
    const timer = setTimeout(() => {
      this.#graceIsOver = true;
      for (const held of this.#heartbeat.runs()) interrupt(held);
    }, graceMs);
    // Again, for runs whose claim was under way when the drain started.
    while (this.#active.size > 0) await Promise.allSettled(this.#active);
    clearTimeout(timer);
  }

  async #process(job: Job, runs: readonly Run[]): Promise<Run[]> {
    const claimed = this.#hold(job, runs);
    try {
      logStart(this.#deps.log, job.id, runs);
      const executed = await this.#execute(job, claimed);
      const completed = await this.#completion.complete(job, executed);
      const ended = await announce(this.#deps, completed);
      await this.#backfills.advance(job, ended);
      return ended.length === runs.length ? ended : await this.#withLost(runs, ended);
    } finally {
      for (const { held } of claimed) this.#heartbeat.forget(held);
    }
  }

  /** From here until the completion is written the heartbeat renews the leases. */
  #hold(job: Job, runs: readonly Run[]): Claimed[] {
    const needs = needsOf(job);
    const claimed = runs.map((run) => hold(run, { holder: this.#deps.holder, needs }));
    for (const { held } of claimed) {
      this.#heartbeat.watch(held);
      if (this.#graceIsOver) interrupt(held);
    }
    return claimed;
  }

  #execute(job: Job, claimed: readonly Claimed[]): Promise<Executed[]> {
    if (job.work.kind !== "batch") return execute(this.#tools, job, claimed);
    return executeBatch(this.#tools, job as Job & { work: BatchWork<never> }, claimed);
  }

  /** All runs in their order: those that another process holds or has ended as the ledger has them now. */
  async #withLost(runs: readonly Run[], ended: readonly Run[]): Promise<Run[]> {
    const own = new Map(ended.map((run) => [run.id, run]));
    return Promise.all(
      runs.map(async (run) => {
        const found = own.get(run.id);
        if (found) return found;
        logOf(this.#deps.log, run).warn("Completion refused: this process no longer holds the run");
        return (await findRun(this.#deps.db, run.id)) ?? run;
      }),
    );
  }
}
