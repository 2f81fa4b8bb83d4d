import { afterCommit } from "#data/after-commit.ts";
import type { Executor, Tx } from "#data/client.ts";
import { gateRefusal, type Refusal } from "#data/platform/gate-refusals.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { insertRepeats } from "#data/platform/run-repeats.ts";
import { insertQueuedRun, insertQueuedRuns, insertSkippedRun, type NewRun } from "#data/platform/waiting-runs.ts";
import { checkedInput } from "#jobs/check-input.ts";
import { gatedOf, type Job } from "#jobs/job.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { dispatch, type WaitingRun } from "./dispatch.ts";
import { childRequest, newRun, type ParentRun, type RunRequest } from "./new-run.ts";
import { asQueued, hasHooks, runHooks } from "./run-hooks.ts";
import { logOf } from "./run-log.ts";
import { settingsRefusals } from "./settings-refusal.ts";

/** A run that repeats another one. */
export interface StartedRepeat extends WaitingRun {
  readonly parentRunId: string;
}

/** Puts runs into the ledger. Runs of a transaction exist when it commits; dispatch them then. */
export class Enqueuer {
  readonly #deps: RunnerDependencies;

  constructor(deps: RunnerDependencies) {
    this.#deps = deps;
  }

  /**
   * Puts a run into the ledger and dispatches it. A run that a person asks for while a gate is closed is `skipped` at
   * once, as is an event that needs the internet where the settings forbid it. Every other run, and one whose job is
   * paused, waits until the gate opens.
   * @throws InvalidInput when the input does not match the job's schema or fails its check: nothing is stored then
   */
  async enqueue(job: Job, request: RunRequest): Promise<Run> {
    const { db } = this.#deps;
    const insert = (tx: Executor) => this.enqueueIn(tx as Tx, job, request);
    const run = await (hasHooks(job) ? db.transaction(insert) : insert(db));
    if (run.state === "queued") await this.dispatch([run]);
    return run;
  }

  /**
   * The same in the caller's transaction, without the dispatch. Pass a run that is `queued` to `dispatch` after the
   * commit; when that does not happen, the sweep finds the run.
   * @throws InvalidInput when the input does not match the job's schema or fails its check
   */
  async enqueueIn(tx: Tx, job: Job, request: RunRequest): Promise<Run> {
    const row = await this.checkedRun(tx, job, request);
    const refusal = await this.#refusalOf(tx, job, row);
    const now = this.#deps.clock.now();
    const run = refusal ? (await insertSkippedRun(tx, row, refusal, now))! : await insertQueuedRun(tx, row, now);
    await runHooks(this.#deps, tx, job, [run]);
    logOf(this.#deps.log, run).info(refusal ? "Skipped" : "Queued", {
      requestedBy: run.requestedBy,
      reason: run.reason ?? undefined,
    });
    return run;
  }

  /**
   * Many runs of one job, in one statement. The job's check of its input is left to their attempts, so that each fails
   * alone.
   * @throws InvalidInput when an input does not match the schema: then none is stored
   * @throws TypeError when the job has an `onTransition` hook
   */
  async enqueueMany(tx: Executor, job: Job, requests: readonly RunRequest[]): Promise<WaitingRun[]> {
    if (job.onTransition) throw new TypeError(`${job.id} has an onTransition hook: enqueue its runs one by one`);
    const now = this.#deps.clock.now();
    const rows = requests.map((request) => newRun(this.#deps, job, request));
    await insertQueuedRuns(tx, rows, now);
    this.#observeQueued(tx, rows, now);
    return rows.map(({ id, jobId }) => ({ id, jobId, notBefore: now }));
  }

  /**
   * A run of another job, as a child of `parent`. The job's check of its input is left to the attempt.
   * @throws TypeError when there is no such job
   * @throws InvalidInput when the input does not match its schema
   */
  async enqueueChild(tx: Tx, parent: ParentRun, jobId: string, input: unknown): Promise<Run> {
    const job = await this.#childJob(parent, jobId);
    const row = newRun(this.#deps, job, childRequest(parent, input));
    const run = await insertQueuedRun(tx, row, this.#deps.clock.now());
    await runHooks(this.#deps, tx, job, [run]);
    return run;
  }

  /**
   * Many runs of another job, as children of `parent`, in one statement.
   * @throws TypeError when there is no such job, or it has an `onTransition` hook
   */
  async enqueueChildren(tx: Tx, parent: ParentRun, jobId: string, inputs: readonly unknown[]): Promise<WaitingRun[]> {
    if (inputs.length === 0) return [];
    const job = await this.#childJob(parent, jobId);
    const requests = inputs.map((input) => childRequest(parent, input));
    return this.enqueueMany(tx, job, requests);
  }

  /**
   * Runs of one job that repeat ended ones, in one statement. @returns those whose parent has no other repeat that
   * waits or runs
   */
  async enqueueRepeats(tx: Tx, job: Job, rows: readonly NewRun[]): Promise<StartedRepeat[]> {
    const now = this.#deps.clock.now();
    const runs = await insertRepeats(tx, rows, now);
    await runHooks({ clock: this.#deps.clock }, tx, job, runs);
    const started = new Set(runs.map(({ id }) => id));
    this.#observeQueued(
      tx,
      rows.filter(({ id }) => started.has(id)),
      now,
    );
    return runs.map(({ id, jobId, notBefore, parentRunId }) => ({ id, jobId, notBefore, parentRunId: parentRunId! }));
  }

  /**
   * The ledger row of a request.
   * @throws InvalidInput when the input does not match the job's schema or fails its check
   */
  async checkedRun(tx: Executor, job: Job, request: RunRequest): Promise<NewRun> {
    const { settings, clock } = this.#deps;
    const input = await checkedInput(job, request.input, { db: tx, settings, asOf: request.asOf ?? clock.now() });
    return newRun(this.#deps, job, request, input);
  }

  /** Dispatches waiting runs to workers. Never throws: the sweep dispatches again what fails here. */
  dispatch(runs: readonly WaitingRun[]): Promise<void> {
    return dispatch(this.#deps, runs);
  }

  /** After the commit. The runs' inputs are not kept until then. */
  #observeQueued(tx: Executor, rows: readonly NewRun[], now: Date): void {
    const { observer } = this.#deps;
    if (!observer || rows.length === 0) return;
    const queued = rows.map((row) => asQueued(row, now));
    afterCommit(tx, () => {
      observer.stateChanged(queued);
    });
  }

  async #refusalOf(tx: Tx, job: Job, row: NewRun): Promise<Refusal | null> {
    const [bySettings = null] = await settingsRefusals(this.#deps, tx, job, [row]);
    // No switch of a person opens this gate: the caller learns it now.
    if (row.trigger === "event" && bySettings?.code === "internet-sync-disabled") return bySettings;
    if (row.trigger !== "manual") return null;
    const refusal = bySettings ?? (await gateRefusal(tx, gatedOf(job), this.#deps.clock.now()));
    return refusal?.code === "paused" ? null : refusal;
  }

  async #childJob(parent: ParentRun, jobId: string): Promise<Job> {
    const job = await this.#deps.findJob(jobId);
    if (!job) throw new TypeError(`${parent.jobId}: there is no job ${JSON.stringify(jobId)} to enqueue`);
    return job;
  }
}
