import type { Executor, Tx } from "#data/client.ts";
import { afterFinish, type Finish, finishRuns } from "#data/platform/finishes.ts";
import type { Progress, Run, RunState } from "#data/platform/schema.ts";
import type { Job } from "#jobs/define-job.ts";
import { classify } from "#jobs/error-class.ts";
import { never } from "#jobs/retry.ts";
import { maskedProgress } from "#redaction/redacted-text.ts";
import type { Admission } from "./admission.ts";
import { alertOf } from "./alerting.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { insistently } from "./insistence.ts";
import { logOf } from "./run-log.ts";
import { send, type WaitingRun } from "./sending.ts";
import { follow } from "./tracking.ts";
import { type Ending, transition } from "./transition.ts";

/** A run whose attempt has ended and that is not moved on yet. */
export interface SettledRun {
  readonly run: Run;
  readonly ending: Ending;
  readonly progress?: Progress | null;
}

/** The next state of a run, as decided. */
interface Move extends Pick<SettledRun, "run" | "ending"> {
  readonly finish: Finish;
}

/** What a settlement wrote. */
export interface Settled {
  readonly runs: readonly { readonly run: Run; readonly ending: Ending }[];
  /** Runs that it asked for, and those that waited for a key that it gave up. */
  readonly roused: readonly WaitingRun[];
}

/** Moves runs on whose attempts have ended, says so in the log, and sends what waits again on its way. */
export class Settlement {
  readonly #deps: RunnerDependencies;
  readonly #admission: Pick<Admission, "enqueueChild">;

  constructor(deps: RunnerDependencies, admission: Pick<Admission, "enqueueChild">) {
    this.#deps = deps;
    this.#admission = admission;
  }

  /**
   * @param holder who must still hold them; null for runs whose lease has lapsed
   * @returns the runs as they are now, without those that were taken away meanwhile
   */
  async settle(job: Job | undefined, holder: string | null, ended: readonly SettledRun[]): Promise<Run[]> {
    const { db, log } = this.#deps;
    const moves = this.#decide(job, ended);
    // One statement, unless something else has to happen with it.
    const write = () =>
      this.#hasMore(job, moves)
        ? db.transaction((tx) => this.#write(tx, job, holder, moves))
        : this.#write(db, job, holder, moves);
    // Whoever rescues looks again in a minute; for whoever did the work it would be lost.
    return this.announce(await (holder === null ? write() : insistently(log, write)));
  }

  /** The same in a transaction that does more: what is due after the commit is left to `announce`. */
  settleIn(tx: Tx, job: Job | undefined, holder: string | null, ended: readonly SettledRun[]): Promise<Settled> {
    return this.#write(tx, job, holder, this.#decide(job, ended));
  }

  #decide(job: Job | undefined, ended: readonly SettledRun[]): Move[] {
    const now = this.#deps.clock.now();
    // The same for all: what failed of a batch comes back as a batch, and not run by run.
    const random = (this.#deps.random ?? Math.random)();
    return ended.map(({ run, ending, progress }) => {
      const finish = transition(ending, { run, retry: job?.retry ?? never, now, random });
      return { run, ending, finish: progress ? { ...finish, progress: maskedProgress(progress)! } : finish };
    });
  }

  /** Whether more than the ledger changes with these moves. */
  #hasMore(job: Job | undefined, moves: readonly Move[]): boolean {
    const some = (...states: RunState[]) => moves.some(({ finish }) => states.includes(finish.state));
    if (job?.onTransition) return true;
    if (job?.onGivenUp && some("dead", "cancelled", "skipped")) return true;
    if (job && job.then.length > 0 && some("succeeded")) return true;
    return this.#deps.alert !== undefined && some("dead");
  }

  async #write(tx: Executor, job: Job | undefined, holder: string | null, moves: readonly Move[]): Promise<Settled> {
    const now = this.#deps.clock.now();
    const change = moves.map(({ run: { id, attempt }, finish }) => ({ id, attempt, finish }));
    const { ids: moved, next } = await finishRuns(tx, holder, change, now);
    const runs = moves
      .filter(({ run }) => moved.has(run.id))
      .map(({ run, finish, ending }) => ({ run: afterFinish(run, finish), ending }));
    await follow(
      tx,
      job,
      runs.map(({ run }) => run),
      this.#deps.watch,
    );
    const roused: WaitingRun[] = next.map((run) => ({ ...run, notBefore: now }));
    if (job?.then.length) {
      for (const { run } of runs) {
        if (run.state === "succeeded") roused.push(...(await this.#chain(tx as Tx, job, run)));
      }
    }
    // Last, since it may wait for another process that tells of the same: nothing is locked after it.
    await alertOf(this.#deps, tx as Tx, deadOf(runs));
    return { runs, roused };
  }

  /** Says in the log what has been committed, and sends what waits. */
  async announce({ runs, roused }: Settled): Promise<Run[]> {
    this.#reportEnd(runs);
    await send(this.#deps, [...runs.flatMap(({ run }) => (run.state === "retrying" ? run : [])), ...roused]);
    return runs.map(({ run }) => run);
  }

  async #chain(tx: Tx, job: Job, run: Run): Promise<Run[]> {
    const children: Run[] = [];
    for (const id of job.then) children.push(await this.#admission.enqueueChild(tx, run, id, {}));
    return children;
  }

  /** A batch is one line: what each of many small runs did stands in the ledger. */
  reportStart(jobId: string, runs: readonly Run[]): void {
    const [run] = runs;
    if (!run) return;
    if (runs.length > 1) this.#deps.log.info("Started a batch", { job: jobId, runs: runs.length });
    else
      logOf(this.#deps.log, run).info("Started", {
        trigger: run.trigger,
        ...(run.scheduledFor && { slot: run.scheduledFor }),
      });
  }

  #reportEnd(settled: Settled["runs"]): void {
    const isBatch = settled.length > 1;
    for (const { run, ending } of settled) {
      if (isBatch && run.state === "succeeded") continue;
      this.#report(run, ending.kind === "threw" ? ending.error : undefined);
    }
    if (!isBatch) return;
    const states = Object.fromEntries(
      [...Map.groupBy(settled, ({ run }) => run.state)].map(([state, runs]) => [state, runs.length]),
    );
    this.#deps.log.info("Ended a batch", { job: settled[0]!.run.jobId, runs: settled.length, ...states });
  }

  #report(run: Run, error: Error | undefined): void {
    const log = logOf(this.#deps.log, run);
    const took = {
      durationMs: run.durationMs ?? undefined,
      ...run.result,
      ...(run.itemFailureCount && { itemFailures: run.itemFailureCount }),
    };
    switch (run.state) {
      case "succeeded":
        log.info("Succeeded", took);
        break;
      case "retrying":
        log.warn(error ? "Failed; will be tried again" : "Put off", {
          error,
          reason: run.reason ?? undefined,
          inMs: run.notBefore!.getTime() - this.#deps.clock.now().getTime(),
          attemptsLeft: run.maxAttempts - run.attempt,
        });
        break;
      case "dead":
        log.error("Failed for good", { error, class: error && classify(error), durationMs: run.durationMs });
        break;
      default:
        log.info("Ended", { state: run.state, reason: run.reason });
    }
  }
}

function deadOf(settled: Settled["runs"]): Run[] {
  return settled.flatMap(({ run }) => (run.state === "dead" ? run : []));
}
