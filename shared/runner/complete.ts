import type { Executor, Tx } from "#data/client.ts";
import { sendLastStatement } from "#data/commit-with-last-statement.ts";
import type { Run, RunState } from "#data/platform/platform-schema.ts";
import {
  applyNextState,
  type CompletedRun,
  completeOrRaise,
  completeRuns,
  type CompletionResult,
  type NextState,
} from "#data/platform/run-completion.ts";
import type { Job } from "#jobs/job.ts";
import { noRetries } from "#jobs/retry.ts";
import { redactedProgress } from "#redaction/redacted-text.ts";
import { alertAboutDeadRuns } from "./alerts.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import type { WaitingRun } from "./dispatch.ts";
import { allItemFailures, type Completed, type Executed, type OpenEnding } from "./ending.ts";
import type { Enqueuer } from "./enqueue.ts";
import { retryCompletion } from "./retry-completion.ts";
import { runHooks } from "./run-hooks.ts";
import { isDiscarded } from "./run-states.ts";
import { transition } from "./transition.ts";

/** A run with its next state, as `transition` decided it. */
interface Move extends Pick<Executed<OpenEnding>, "run" | "ending"> {
  readonly next: NextState;
}

/** Writes the next states of runs whose attempts have ended, and everything that commits with them. */
export class Completion {
  readonly #deps: RunnerDependencies;
  readonly #enqueuer: Pick<Enqueuer, "enqueueChild">;

  constructor(deps: RunnerDependencies, enqueuer: Pick<Enqueuer, "enqueueChild">) {
    this.#deps = deps;
    this.#enqueuer = enqueuer;
  }

  /** Completes runs that this process holds. What `finish` has committed is in the result, and not written again. */
  async complete(job: Job, executed: readonly Executed[]): Promise<Completed> {
    const open = executed.filter(isOpen);
    const finished = executed.flatMap(({ ending }) => (ending.kind === "finished" ? ending.completed : []));
    const written = open.length > 0 ? await retryCompletion(this.#deps.log, this.#write(job, open)) : null;
    if (written && finished.length === 0) return written;
    const all = written ? [written, ...finished] : finished;
    return { runs: all.flatMap(({ runs }) => runs), unblocked: all.flatMap(({ unblocked }) => unblocked) };
  }

  /**
   * Completes a run in a transaction of its work. Without a chain or a hook of the job the statement travels with the
   * commit: call it last.
   * @returns a function: its result is complete after the commit
   * @throws an error that `lostLease` recognises, here or at the commit, when another process holds the run
   */
  async completeIn(tx: Tx, job: Job, executed: Executed<OpenEnding>): Promise<() => Promise<Completed>> {
    const moves = this.#decide(job, [executed]);
    const completed = this.#writeIn(tx, job, moves, ([run], now) => completeOrRaise(tx, this.#deps.holder, run!, now));
    if (this.#needsTransaction(job, moves)) await completed;
    else await sendLastStatement(tx, completed);
    return () => completed;
  }

  /** Completes runs whose lease has expired; a heartbeat in between wins. Not retried: the next rescue finds them. */
  completeExpired(job: Job | undefined, executed: readonly Executed<OpenEnding>[]): Promise<Completed> {
    return this.#write(job, executed, null)();
  }

  /** The write as one function that can be repeated: the decision is made once. */
  #write(
    job: Job | undefined,
    executed: readonly Executed<OpenEnding>[],
    holder: string | null = this.#deps.holder,
  ): () => Promise<Completed> {
    const { db } = this.#deps;
    const moves = this.#decide(job, executed);
    // One statement, unless more has to commit with it.
    const writeIn = (tx: Executor) => this.#writeIn(tx, job, moves, (runs, now) => completeRuns(tx, holder, runs, now));
    return this.#needsTransaction(job, moves) ? () => db.transaction(writeIn) : () => writeIn(db);
  }

  #decide(job: Job | undefined, executed: readonly Executed<OpenEnding>[]): Move[] {
    const now = this.#deps.clock.now();
    // The same for all: what failed as a batch returns as a batch, and not run by run.
    const random = (this.#deps.random ?? Math.random)();
    return executed.map(({ run, ending, progress }) => {
      const next = transition(ending, { run, retry: job?.retry ?? noRetries, now, random });
      return { run, ending, next: progress ? { ...next, progress: redactedProgress(progress)! } : next };
    });
  }

  #needsTransaction(job: Job | undefined, moves: readonly Move[]): boolean {
    const some = (matches: (state: RunState) => boolean) => moves.some(({ next }) => matches(next.state));
    if (job?.onTransition) return true;
    if (job?.onDiscarded && some(isDiscarded)) return true;
    if (job && job.then.length > 0 && some((state) => state === "succeeded")) return true;
    return this.#deps.alert !== undefined && some((state) => state === "dead");
  }

  async #writeIn(
    tx: Executor,
    job: Job | undefined,
    moves: readonly Move[],
    write: (runs: readonly CompletedRun[], now: Date) => Promise<CompletionResult>,
  ): Promise<Completed> {
    const now = this.#deps.clock.now();
    const changes = moves.map(({ run: { id, attempt }, next }) => ({ id, attempt, next }));
    const { ids, unblocked: firstInLine } = await write(changes, now);
    const written = moves.filter(({ run }) => ids.has(run.id));
    const runs = written.map(({ run, next }) => applyNextState(run, next));
    const failures = new Map(written.map(({ run, ending }) => [run.id, allItemFailures(ending)]));
    await runHooks(this.#deps, tx, job, runs, failures);
    const unblocked: WaitingRun[] = firstInLine.map((run) => ({ ...run, notBefore: now }));
    if (job?.then.length) unblocked.push(...(await this.#enqueueNext(tx as Tx, job, runs)));
    // Last, since it may wait for another process that alerts about the same: nothing is locked after it.
    await alertAboutDeadRuns(this.#deps, tx as Tx, runs);
    return {
      runs: written.map(({ ending }, n) => ({
        run: runs[n]!,
        error: ending.kind === "threw" ? ending.error : undefined,
      })),
      unblocked,
    };
  }

  /** Enqueues the jobs of the chain after each run that succeeded. */
  async #enqueueNext(tx: Tx, job: Job, runs: readonly Run[]): Promise<Run[]> {
    const children: Run[] = [];
    for (const run of runs) {
      if (run.state !== "succeeded") continue;
      for (const id of job.then) children.push(await this.#enqueuer.enqueueChild(tx, run, id, {}));
    }
    return children;
  }
}

function isOpen(executed: Executed): executed is Executed<OpenEnding> {
  return executed.ending.kind !== "finished";
}
