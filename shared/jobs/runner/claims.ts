import type { Executor } from "../../data/client.ts";
import { cancelWaitingRun, skipWaitingRun } from "../../data/platform/waiting-runs.ts";
import { claimRuns } from "../../data/platform/claims.ts";
import { findRun } from "../../data/platform/job-runs.ts";
import { gateRefusal } from "../../data/platform/gates.ts";
import { pausedUntil } from "../../data/platform/pauses.ts";
import type { Run } from "../../data/platform/schema.ts";
import { gatedOf, type Job } from "../define-job.ts";
import { isUniqueViolation } from "../error-class.ts";
import type { Refusal } from "../gates.ts";
import type { Admission } from "./admission.ts";
import { leaseOf, type RunnerDependencies } from "./dependencies.ts";
import { logOf } from "./run-log.ts";
import { send } from "./sending.ts";
import { follow, tracked } from "./tracking.ts";

/** How long a run waits before it looks again whether its concurrency key is free. */
export const BUSY_WAIT_MS = 1_000;

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
      for (const id of ids) await this.#skip(job, id, refusal);
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

  /** A run that is due but could not be claimed: its gate is closed, its job paused, or its concurrency key held. */
  async comeBackLater(job: Job, runId: string): Promise<void> {
    const { db, clock } = this.#deps;
    const run = await findRun(db, runId);
    if (run?.state !== "queued" && run?.state !== "retrying") return;
    const now = clock.now();
    // Its message lay in the queue of another job: it goes to its own, and this job's gates are not its.
    if (run.jobId !== job.id) return send(this.#deps, [run]);
    // It was asked to stop while it ran, and that attempt failed before it heard of it.
    if (run.cancelRequestedAt) return this.#cancel(job, run);
    const isDue = (run.notBefore?.getTime() ?? 0) <= now.getTime();
    const refusal = isDue ? await gateRefusal(db, gatedOf(job), now) : null;
    // Paused work is not lost: it waits. Every other gate ends the run, with the reason; but a backfill's, which nothing hurries.
    if (refusal && refusal.code !== "paused") return run.backfillId ? undefined : this.#skip(job, runId, refusal);
    if (refusal) {
      const until = await pausedUntil(db, pauseScopesOf(job), now);
      // Without an end it is sent by whoever resumes it; a message that came back again and again would tell nobody anything.
      return until ? send(this.#deps, [{ ...run, notBefore: until }]) : undefined;
    }
    const at = Math.max(run.notBefore?.getTime() ?? 0, now.getTime() + BUSY_WAIT_MS);
    await send(this.#deps, [{ ...run, notBefore: new Date(at) }]);
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
    const skipped = await tracked(this.#deps, undefined, (tx) => skipWaitingRun(tx, run, refusal, now));
    if (skipped) logOf(log, run).error("Skipped", { reason: refusal.reason });
  }

  async #skip(job: Job, runId: string, refusal: Refusal): Promise<void> {
    const skip = (tx: Executor) => skipWaitingRun(tx, { id: runId, jobId: job.id }, refusal, this.#deps.clock.now());
    const run = await tracked(this.#deps, job, skip);
    if (run) logOf(this.#deps.log, run).info("Skipped", { reason: run.reason });
  }
}

/** What a pause of may stop the job. */
function pauseScopesOf({ id, family }: Job): string[] {
  return ["all", `family:${family.id}`, `job:${id}`];
}
