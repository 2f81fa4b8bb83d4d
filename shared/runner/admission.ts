import { v7 as uuidv7 } from "uuid";
import { afterCommit } from "#data/after-commit.ts";
import type { Executor, Tx } from "#data/client.ts";
import type { Refusal } from "#data/platform/gates.ts";
import type { Run, Trigger } from "#data/platform/schema.ts";
import { insertQueuedRun, insertQueuedRuns, insertSkippedRun, type NewRun } from "#data/platform/waiting-runs.ts";
import type { Job } from "#jobs/define-job.ts";
import { refusalOf } from "#jobs/gates.ts";
import { readInput } from "#jobs/input.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { logOf } from "./run-log.ts";
import { send, type WaitingRun } from "./sending.ts";
import { asQueued, follow } from "./tracking.ts";

export interface RunRequest {
  readonly input: unknown;
  readonly trigger: Exclude<Trigger, "schedule">;
  readonly requestedBy: string;
  readonly correlationId?: string;
  readonly parentRunId?: string;
  /** The moment that the run stands for. Default: when it was asked for. */
  readonly asOf?: Date | null;
  readonly idempotencyKey?: string | null;
}

/** How runs come into the ledger. */
export class Admission {
  readonly #deps: RunnerDependencies;

  constructor(deps: RunnerDependencies) {
    this.#deps = deps;
  }

  /**
   * Puts a run into the ledger and sends it on its way. A setting that forbids it makes it `skipped` at once; the
   * database's gates are asked when it starts.
   * @throws InvalidInput when the input does not fit the job's schema: nothing is stored then
   */
  async request(job: Job, request: RunRequest): Promise<Run> {
    const { db } = this.#deps;
    const admit = (tx: Executor) => this.admit(tx as Tx, job, request);
    const run = await (job.onTransition || job.onGivenUp ? db.transaction(admit) : admit(db));
    if (run.state === "queued") await send(this.#deps, [run]);
    return run;
  }

  /**
   * The same in the caller's own transaction. When that has committed, hand a run that is `queued` to `send`.
   * @throws InvalidInput when the input does not fit the job's schema
   */
  async admit(tx: Tx, job: Job, request: RunRequest): Promise<Run> {
    const candidate = this.candidate(job, request);
    const refusal = refusalOf(job.gates, this.#deps.gates());
    const now = this.#deps.clock.now();
    const run = refusal
      ? (await insertSkippedRun(tx, candidate, refusal, now))!
      : await insertQueuedRun(tx, candidate, now);
    await follow(tx, job, [run], this.#deps.watch);
    logOf(this.#deps.log, run).info(refusal ? "Skipped" : "Queued", {
      requestedBy: run.requestedBy,
      reason: run.reason ?? undefined,
    });
    return run;
  }

  /**
   * Puts a run into the ledger in the caller's own transaction: it exists if that commits. Send it with `send` afterwards;
   * when that does not happen any more, the sweep finds it.
   * @throws InvalidInput when the input does not fit the job's schema
   */
  async enqueue(tx: Tx, job: Job, request: RunRequest): Promise<Run> {
    const run = await insertQueuedRun(tx, this.candidate(job, request), this.#deps.clock.now());
    await follow(tx, job, [run], this.#deps.watch);
    return run;
  }

  /**
   * The same for many runs of one job, in one statement.
   * @throws InvalidInput when an input does not fit: then none is stored
   */
  async enqueueAll(tx: Executor, job: Job, requests: readonly RunRequest[]): Promise<WaitingRun[]> {
    if (job.onTransition) throw new TypeError(`${job.id} follows each of its runs: enqueue them one by one`);
    const now = this.#deps.clock.now();
    const runs = requests.map((request) => this.candidate(job, request));
    await insertQueuedRuns(tx, runs, now);
    const { watch } = this.#deps;
    if (watch) {
      afterCommit(tx, () => {
        watch.moved(runs.map((run) => asQueued(run, now)));
      });
    }
    return runs.map(({ id, jobId }) => ({ id, jobId, notBefore: now }));
  }

  /**
   * Puts a run of another job into the ledger in the caller's transaction, as a child of `parent`.
   * @throws TypeError when there is no such job; InvalidInput when the input does not fit it
   */
  async enqueueChild(
    tx: Tx,
    parent: Pick<Run, "id" | "jobId" | "correlationId">,
    jobId: string,
    input: unknown,
  ): Promise<Run> {
    return this.enqueue(tx, await this.#jobAfter(parent, jobId), childRequest(parent, input));
  }

  /**
   * The same for many runs of one job, in one statement.
   * @throws TypeError when that job follows each of its runs with `onTransition`
   */
  async enqueueChildren(
    tx: Tx,
    parent: Pick<Run, "id" | "jobId" | "correlationId">,
    jobId: string,
    inputs: readonly unknown[],
  ): Promise<WaitingRun[]> {
    if (inputs.length === 0) return [];
    const job = await this.#jobAfter(parent, jobId);
    return this.enqueueAll(
      tx,
      job,
      inputs.map((input) => childRequest(parent, input)),
    );
  }

  async #jobAfter(parent: Pick<Run, "jobId">, jobId: string): Promise<Job> {
    const job = await this.#deps.findJob(jobId);
    if (!job) throw new TypeError(`${parent.jobId}: there is no job ${JSON.stringify(jobId)} to run after it`);
    return job;
  }

  /** The row that a request would put into the ledger. @throws InvalidInput when the input does not fit the job's schema */
  candidate(job: Job, request: RunRequest): NewRun {
    const input = readInput(job, request.input);
    return {
      ...this.#newRun(job, input, request.trigger),
      // As it was asked for: the schema reads it again at each attempt, and what it makes need not be JSON.
      input: request.input ?? {},
      requestedBy: request.requestedBy,
      ...(request.correlationId && { correlationId: request.correlationId }),
      ...(request.parentRunId && { parentRunId: request.parentRunId }),
      ...(request.asOf && { asOf: request.asOf }),
      ...(request.idempotencyKey && { idempotencyKey: request.idempotencyKey }),
    };
  }

  /** The row that a slot of the job's schedule would put there. */
  slotCandidate(job: Job, slot: Date): NewRun & { readonly scheduledFor: Date } {
    return { ...this.#newRun(job, readInput(job, {}), "schedule"), scheduledFor: slot };
  }

  /** A reason not to run that settings alone give. */
  refusal(job: Job): Refusal | null {
    if (!this.#deps.settingsOf(job).enabled) return { code: "disabled", reason: "the job is switched off" };
    return refusalOf(job.gates, this.#deps.gates());
  }

  #newRun(job: Job, input: unknown, trigger: Trigger): NewRun {
    const id = uuidv7();
    return {
      id,
      jobId: job.id,
      family: job.family.id,
      trigger,
      input: {},
      maxAttempts: this.#deps.settingsOf(job).maxRetries + 1,
      concurrencyKey: job.concurrencyKey(input),
      correlationId: this.#deps.correlationId?.() ?? id,
    };
  }
}

function childRequest(
  { id, jobId, correlationId }: Pick<Run, "id" | "jobId" | "correlationId">,
  input: unknown,
): RunRequest {
  return { input, trigger: "chain", requestedBy: `job:${jobId}`, correlationId, parentRunId: id };
}
