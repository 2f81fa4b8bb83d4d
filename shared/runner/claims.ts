import type { Executor } from "#data/client.ts";
import { claimRuns, leftWaiting } from "#data/platform/claims.ts";
import { gateRefusal } from "#data/platform/gates.ts";
import { pausedUntil } from "#data/platform/pauses.ts";
import type { Run } from "#data/platform/schema.ts";
import { cancelWaitingRun, skipWaitingRuns } from "#data/platform/waiting-runs.ts";
import { gatedOf, type Job } from "#jobs/define-job.ts";
import { isUniqueViolation } from "#jobs/error-class.ts";
import type { Refusal } from "#jobs/gates.ts";
import type { Admission } from "./admission.ts";
import { leaseOf, type RunnerDependencies } from "./dependencies.ts";
import { nextLook } from "./next-look.ts";
import { logOf } from "./run-log.ts";
import { send, type WaitingRun } from "./sending.ts";
import { follow, tracked } from "./tracking.ts";

/** How long a due run waits for a version of the app that has its job. */
const KEPT_WITHOUT_JOB_MS = 86_400_000;

/** Takes waiting runs for this process, and says when those that it could not take come back. */
export class Claims {
  readonly #deps: RunnerDependencies;
  readonly #admission: Admission;

  constructor(deps: RunnerDependencies, admission: Admission) {
    this.#deps = deps;
    this.#admission = admission;
  }

  /** Starts the next attempt of waiting runs of one job. @returns those that this process holds now */
  async take(job: Job, ids: readonly string[]): Promise<Run[]> {
    const { db, clock } = this.#deps;
    const claim = async (tx: Executor, some: readonly string[]) => {
      const runs = await claimRuns(tx, some, gatedOf(job), leaseOf(this.#deps), clock.now());
      await follow(tx, job, runs, this.#deps.watch);
      return runs;
    };
    const refusal = this.#admission.refusal(job);
    if (refusal) {
      await this.#stop(job, ids, refusal);
      return [];
    }
    try {
      return await (job.onTransition ? db.transaction((tx) => claim(tx, ids)) : claim(db, ids));
    } catch (error) {
      // Two runs of one key were claimed in the same instant: the index lets one of them through.
      if (!isUniqueViolation(error)) throw error;
      if (ids.length === 1) return [];
      return (await Promise.all(ids.map((id) => this.take(job, [id])))).flat();
    }
  }

  /** Says when runs of a job come back that could not be claimed: not due, a gate is closed, paused, or their key is held. */
  async comeBackLater(job: Job, runIds: readonly string[]): Promise<void> {
    if (runIds.length === 0) return;
    const { db, clock } = this.#deps;
    const now = clock.now();
    const left = await leftWaiting(db, runIds, now);
    const {
      strangers = [],
      cancelled = [],
      due = [],
      early = [],
    } = Object.groupBy(left, ({ run }) => {
      // Its message lay in the queue of another job: it goes to its own, and this job's gates are not its.
      if (run.jobId !== job.id) return "strangers";
      // It was asked to stop while it ran, and that attempt failed before it heard of it.
      if (run.cancelRequestedAt) return "cancelled";
      return run.notBefore === null || run.notBefore <= now ? "due" : "early";
    });
    for (const { run } of cancelled) await this.#cancel(job, run);
    const refusal = due.length ? await gateRefusal(db, gatedOf(job), now) : null;
    const waiting = refusal ? early : [...due, ...early];
    await send(this.#deps, [
      ...strangers.map(({ run }) => run),
      ...waiting.flatMap(({ run, isFirst }) => nextLook(run, { isFirst, now })),
      ...(refusal
        ? await this.#refused(
            job,
            due.map(({ run }) => run),
            refusal,
            now,
          )
        : []),
    ]);
  }

  /** @returns those that come back at the end of a pause */
  async #refused(job: Job, runs: readonly Run[], refusal: Refusal, now: Date): Promise<WaitingRun[]> {
    if (refusal.code === "paused") {
      // Paused work is not lost: it waits. Without an end it is sent by whoever resumes it; a message that came back again and again
      // would tell nobody anything.
      const until = await pausedUntil(this.#deps.db, pauseScopesOf(job), now);
      return until ? runs.map((run) => ({ ...run, notBefore: until })) : [];
    }
    // Every other gate ends the run, with the reason; but a backfill's, which nothing hurries.
    const ids = runs.flatMap(({ id, backfillId }) => (backfillId ? [] : id));
    if (ids.length > 0) await this.#stop(job, ids, refusal);
    return [];
  }

  async #cancel(job: Job, { id, reason }: Run): Promise<void> {
    const why = reason ?? "cancelled on request";
    await tracked(this.#deps, job, (tx) => cancelWaitingRun(tx, id, why, this.#deps.clock.now()));
  }

  /**
   * A run whose job this version of the app does not have: another version may be on its way or about to go. After a day
   * the run is skipped, so that it does not come back for ever.
   */
  async withoutJob(run: Run): Promise<void> {
    const { log, clock } = this.#deps;
    const now = clock.now();
    if (now.getTime() - (run.notBefore ?? run.queuedAt).getTime() < KEPT_WITHOUT_JOB_MS) {
      logOf(log, run).error("No such job in this version of the app; the run stays where it is, for a day");
      return;
    }
    const refusal = { code: "no-such-job", reason: `the app has had no job ${run.jobId} for a day` };
    for (const skipped of await this.#skip(undefined, run.jobId, [run.id], refusal)) {
      logOf(log, skipped).error("Skipped", { reason: refusal.reason });
    }
  }

  async #stop(job: Job, ids: readonly string[], refusal: Refusal): Promise<void> {
    for (const run of await this.#skip(job, job.id, ids, refusal)) {
      logOf(this.#deps.log, run).info("Skipped", { reason: run.reason });
    }
  }

  async #skip(job: Job | undefined, jobId: string, ids: readonly string[], refusal: Refusal): Promise<Run[]> {
    const { db, clock, watch } = this.#deps;
    const skip = async (tx: Executor) => {
      const skipped = await skipWaitingRuns(tx, { ids, jobId }, refusal, clock.now());
      await follow(tx, job, skipped, watch);
      return skipped;
    };
    return job?.onTransition || job?.onGivenUp ? db.transaction(skip) : skip(db);
  }
}

/** What stops the job when it is paused. */
function pauseScopesOf({ id, family }: Job): string[] {
  return ["all", `family:${family.id}`, `job:${id}`];
}
