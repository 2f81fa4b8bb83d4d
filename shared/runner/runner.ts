import type { Executor, Tx } from "#data/client.ts";
import { findRun } from "#data/platform/job-runs.ts";
import type { Run } from "#data/platform/schema.ts";
import type { NewRun } from "#data/platform/waiting-runs.ts";
import type { Job, LayerControls } from "#jobs/define-job.ts";
import { Admission, type RunRequest } from "./admission.ts";
import { Backfills } from "./backfills.ts";
import { cancel } from "./cancellation.ts";
import { Claims } from "./claims.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { Execution } from "./execution.ts";
import { rescueLapsed, type SweepOptions, sweepOverdue } from "./rescue.ts";
import { send, type WaitingRun } from "./sending.ts";
import { Settlement } from "./settlement.ts";
import { type SlotOptions, Slots } from "./slots.ts";
import { follow } from "./tracking.ts";

/**
 * Takes runs through their life: asked for or ticked → admitted → claimed → performed → settled. Every step that changes
 * the ledger is one conditional statement; nothing is decided from memory.
 */
export class Runner implements LayerControls {
  readonly #deps: RunnerDependencies;
  readonly #admission: Admission;
  readonly #slots: Slots;
  readonly #claims: Claims;
  readonly #settlement: Settlement;
  readonly #execution: Execution;
  readonly backfills: Backfills;
  #stopping = false;

  constructor(deps: RunnerDependencies) {
    this.#deps = deps;
    this.#admission = new Admission(deps);
    this.#slots = new Slots(deps, this.#admission);
    this.#claims = new Claims(deps, this.#admission);
    this.#settlement = new Settlement(deps, this.#admission);
    this.backfills = new Backfills(deps, this.#admission);
    this.#execution = new Execution(deps, { settlement: this.#settlement, backfills: this.backfills, layer: this });
  }

  /**
   * Runs a scheduled job for one slot, in place.
   * @returns the run as it ended, or undefined when the slot was taken before
   */
  async runSlot(job: Job, slot: Date, options: SlotOptions = {}): Promise<Run | undefined> {
    if (this.#stopping) return undefined;
    const run = await this.#slots.take(job, slot, options);
    return run?.state === "running" ? (await this.#execution.carryOut(job, [run]))[0] : run;
  }

  /** Puts a run into the ledger and sends it on its way: see `Admission.request`. */
  request(job: Job, request: RunRequest): Promise<Run> {
    return this.#admission.request(job, request);
  }

  /** The same in the caller's own transaction: see `Admission.admit`. */
  admit(tx: Tx, job: Job, request: RunRequest): Promise<Run> {
    return this.#admission.admit(tx, job, request);
  }

  /** Many runs of one job in one statement: see `Admission.enqueueAll`. */
  enqueueAll(tx: Executor, job: Job, requests: readonly RunRequest[]): Promise<WaitingRun[]> {
    return this.#admission.enqueueAll(tx, job, requests);
  }

  /** A run that another asks for, in the caller's transaction: see `Admission.enqueueChild`. */
  enqueueChild(...asked: Parameters<Admission["enqueueChild"]>): Promise<Run> {
    return this.#admission.enqueueChild(...asked);
  }

  /** Many runs of one job that another asks for, in the caller's transaction: see `Admission.enqueueChildren`. */
  enqueueChildren(...asked: Parameters<Admission["enqueueChildren"]>): Promise<WaitingRun[]> {
    return this.#admission.enqueueChildren(...asked);
  }

  /** The row that a request would put into the ledger. @throws InvalidInput when the input does not fit the job's schema */
  candidate(job: Job, request: RunRequest): NewRun {
    return this.#admission.candidate(job, request);
  }

  /** What whoever moves runs calls in the same transaction: see `follow`. */
  follow(tx: Tx, job: Job, runs: readonly Run[]): Promise<void> {
    return follow(tx, job, runs, this.#deps.watch);
  }

  /** Sends waiting runs on their way. Never throws: what cannot be sent is found by the sweep. */
  send(runs: readonly WaitingRun[]): Promise<void> {
    return send(this.#deps, runs);
  }

  /**
   * Claims a waiting run and does it.
   * @returns the run as it ended; undefined when there was nothing to do (taken, ended, not due, its key is busy)
   */
  async execute(runId: string): Promise<Run | undefined> {
    const waiting = await findRun(this.#deps.db, runId);
    if (waiting?.state !== "queued" && waiting?.state !== "retrying") return undefined;
    const job = await this.#deps.findJob(waiting.jobId);
    if (!job) {
      await this.#claims.withoutJob(waiting);
      return undefined;
    }
    return (await this.executeBatch(job, [runId]))[0];
  }

  /**
   * Claims waiting runs of one job and does them: one statement claims all, one settles all.
   * @returns those that it did, as they ended
   */
  async executeBatch(job: Job, runIds: readonly string[]): Promise<Run[]> {
    if (this.#stopping) return [];
    const runs = await this.#claims.take(job, runIds);
    const done = runs.length ? this.#execution.carryOut(job, runs) : [];
    const claimed = new Set(runs.map(({ id }) => id));
    await this.#claims.comeBackLater(
      job,
      runIds.filter((id) => !claimed.has(id)),
    );
    return done;
  }

  /** Finds due runs that no message brought to a worker, and sends them again; lets backfills go on. @returns how many runs */
  async sweep(options: SweepOptions = {}): Promise<number> {
    await this.backfills.goOnAll();
    return sweepOverdue(this.#deps, options);
  }

  /** Moves runs whose holder went silent: to their next attempt, or to the dead ones. @returns how many of each */
  rescue(limit = 1_000): Promise<{ retrying: number; dead: number }> {
    return rescueLapsed(this.#deps, this.#settlement, limit);
  }

  /** Cancels a waiting run at once, a running one with its next heartbeat: see `cancel`. */
  cancel(runId: string, by: { reason: string; who: string }): Promise<Run | undefined> {
    return cancel(this.#deps, runId, by);
  }

  /**
   * Stops gracefully: nothing new starts, what runs gets `graceMs`, then its signal; it goes on elsewhere with no attempt
   * lost.
   */
  drain(graceMs: number): Promise<void> {
    this.#stopping = true;
    return this.#execution.drain(graceMs);
  }

  /** It starts nothing any more. */
  get isStopping(): boolean {
    return this.#stopping;
  }

  get activeRuns(): number {
    return this.#execution.activeRuns;
  }
}
