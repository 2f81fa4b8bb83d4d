import { findRun } from "#data/platform/job-runs.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import type { UpkeepControls } from "#jobs/context.ts";
import type { Job } from "#jobs/job.ts";
import { Backfills } from "./advance-backfills.ts";
import { cancel } from "./cancel.ts";
import { catchUp } from "./catch-up.ts";
import { claim } from "./claim.ts";
import { claimSlotRun, type SlotOptions } from "./claim-slot.ts";
import { Completion } from "./complete.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { dispatchOverdue, type SweepOptions } from "./dispatch-overdue.ts";
import { Enqueuer } from "./enqueue.ts";
import { Pipeline } from "./pipeline.ts";
import { requeue } from "./requeue.ts";
import { rescueExpired } from "./rescue.ts";
import { isWaiting } from "./run-states.ts";
import { skipUnknownJob } from "./skip.ts";

/**
 * Takes runs through their life. Each step returns a value for the next one, and none writes into an earlier one's:
 *
 *   enqueue    request       → Run (queued)     a row of the ledger; its message after the commit
 *   claim      ids or a slot → Run (running)    one statement: gates, slot, concurrency key, lease; others are requeued
 *   execute    Claimed       → Executed         one attempt under the heartbeat; what happens to it is its Ending
 *   complete   Executed      → Completed        next state, hooks, chain and alerts in one statement or transaction;
 *                                               `finish` has done this in the last transaction of the work
 *   announce   Completed     → Run (as ended)   after the commit: log, retries and unblocked runs dispatched, backfills
 *
 * `Pipeline` has the last three. Every step that changes the ledger is one conditional statement: no decision relies
 * on memory. Rescue enters at `complete`, with a failed attempt for each run whose lease has expired.
 */
export class Runner implements UpkeepControls {
  readonly #deps: RunnerDependencies;
  readonly #completion: Completion;
  readonly #pipeline: Pipeline;
  readonly enqueuer: Enqueuer;
  readonly backfills: Backfills;
  #stopping = false;

  constructor(deps: RunnerDependencies) {
    this.#deps = deps;
    this.enqueuer = new Enqueuer(deps);
    this.backfills = new Backfills(deps);
    this.#completion = new Completion(deps, this.enqueuer);
    this.#pipeline = new Pipeline(deps, {
      enqueuer: this.enqueuer,
      completion: this.#completion,
      backfills: this.backfills,
      upkeep: this,
    });
  }

  /**
   * Runs a scheduled job for one slot, in place.
   * @returns the run as it ended; undefined when the slot is already claimed or this process is stopping
   */
  async runSlot(job: Job, slot: Date, options: SlotOptions = {}): Promise<Run | undefined> {
    if (this.#stopping) return undefined;
    const run = await claimSlotRun(this.#deps, job, slot, options);
    return run?.state === "running" ? (await this.#pipeline.process(job, [run]))[0] : run;
  }

  /** Calls the job's hook for a tick that finds the database unavailable. Never throws. */
  async reportUnavailable(job: Job, error: Error): Promise<void> {
    const { settings, log, clock } = this.#deps;
    try {
      await job.onUnavailable?.({ settings, log, clock, error });
    } catch (failure) {
      log.error("The hook of a job for an unavailable database failed", { job: job.id, error: failure });
    }
  }

  /**
   * Claims and executes a waiting run.
   * @returns the run as it ended; undefined when it could not be claimed (claimed elsewhere, ended, not due, its
   * concurrency key is held)
   */
  async execute(runId: string): Promise<Run | undefined> {
    const waiting = await findRun(this.#deps.db, runId);
    if (!waiting || !isWaiting(waiting.state)) return undefined;
    const job = await this.#deps.findJob(waiting.jobId);
    if (!job) {
      await skipUnknownJob(this.#deps, waiting);
      return undefined;
    }
    return (await this.executeBatch(job, [runId]))[0];
  }

  /**
   * Claims and executes waiting runs of one job: one statement claims all, one completes all.
   * @returns those that it executed, as they ended
   */
  async executeBatch(job: Job, runIds: readonly string[]): Promise<Run[]> {
    if (this.#stopping) return [];
    const claimed = await claim(this.#deps, job, runIds);
    const ended = claimed.length ? this.#pipeline.process(job, claimed) : [];
    const ids = new Set(claimed.map(({ id }) => id));
    await requeue(
      this.#deps,
      job,
      runIds.filter((id) => !ids.has(id)),
    );
    return ended;
  }

  /**
   * Frees slots that were taken too early, then runs or records those that no tick recorded, by the policy of each job.
   * @returns how many runs wait now
   */
  catchUpSlots(): Promise<number> {
    return catchUp(this.#deps);
  }

  /** Dispatches due runs again that no worker has claimed, and advances backfills. @returns how many runs */
  async dispatchOverdueRuns(options: SweepOptions = {}): Promise<number> {
    await this.#deps.checkDelivery?.();
    await this.#deps.closeRecovered?.();
    await this.backfills.advanceAll();
    return dispatchOverdue(this.#deps, options);
  }

  /** Moves runs whose lease has expired to their next attempt, or to the dead runs. @returns how many of each */
  rescueExpiredRuns(limit = 1_000): Promise<{ retrying: number; dead: number }> {
    return rescueExpired(this.#deps, this.#completion, limit);
  }

  /** Cancels a waiting run at once, a running one with its next heartbeat: see `cancel`. */
  cancel(runId: string, by: { reason: string; who: string }): Promise<Run | undefined> {
    return cancel(this.#deps, runId, by);
  }

  /**
   * Stops gracefully: no run starts, and active runs get `graceMs` before their signal. Other processes repeat the
   * attempts that it interrupts, which do not count.
   */
  drain(graceMs: number): Promise<void> {
    this.#stopping = true;
    return this.#pipeline.drain(graceMs);
  }

  /** Whether it starts no more runs. */
  get isStopping(): boolean {
    return this.#stopping;
  }

  get activeRuns(): number {
    return this.#pipeline.activeRuns;
  }
}
