import type { Tx } from "#data/client.ts";
import {
  coveredSlots,
  endBackfill,
  hasOtherDueRuns,
  insertBackfillRun,
  lockBackfill,
  runningBackfills,
  saveProcessed,
  unfinishedBackfillRuns,
} from "#data/platform/backfills.ts";
import { gateRefusal } from "#data/platform/gate-refusals.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { gatedOf, type Job } from "#jobs/job.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { dispatch } from "./dispatch.ts";
import { newSlotRun } from "./new-run.ts";
import { runHooks } from "./run-hooks.ts";
import { settingsRefusal } from "./settings-refusal.ts";

/** Delay of a backfill's next run while other runs of its job wait. */
const LOW_PRIORITY_DELAY_MS = 5_000;
/** Slots that one query checks: those that have a run by now are skipped. */
const SLOTS_PER_QUERY = 500;

/**
 * Advances backfills slot by slot, oldest first, one run at a time: the end of a run enqueues the next one. While a
 * gate or a pause stops the job, a backfill waits; the sweep tries again each minute.
 */
export class Backfills {
  readonly #deps: RunnerDependencies;

  constructor(deps: RunnerDependencies) {
    this.#deps = deps;
  }

  /** Advances the backfills of runs that have ended. Never throws: the sweep repeats what fails. */
  async advance(job: Job, ended: readonly Run[]): Promise<void> {
    const ids = new Set(ended.flatMap(({ backfillId, finishedAt }) => (backfillId && finishedAt ? [backfillId] : [])));
    for (const id of ids) await this.#tryNext(job, id);
  }

  /** Advances all running backfills that have no live run. */
  async advanceAll(): Promise<void> {
    for (const { id, jobId } of await runningBackfills(this.#deps.db)) {
      const job = await this.#deps.findJob(jobId);
      if (job) await this.#tryNext(job, id);
    }
  }

  /**
   * Enqueues the run of the next slot in the caller's transaction, or ends the backfill. Dispatch the run after the
   * commit.
   * @returns undefined when a run of the backfill is live, a gate is closed, or no slot is left
   */
  async enqueueNextSlot(tx: Tx, job: Job, id: string): Promise<Run | undefined> {
    const now = this.#deps.clock.now();
    const backfill = await lockBackfill(tx, id);
    if (!backfill || (await unfinishedBackfillRuns(tx, id)).length > 0) return undefined;
    if (settingsRefusal(this.#deps, job) ?? (await gateRefusal(tx, gatedOf(job), now))) return undefined;

    const slots = backfill.slots.map((slot) => new Date(slot));
    for (let { processed } = backfill; processed < slots.length; processed += SLOTS_PER_QUERY) {
      const next = slots.slice(processed, processed + SLOTS_PER_QUERY);
      const done = await coveredSlots(tx, job.id, next);
      const index = next.findIndex((slot) => !done.has(slot.getTime()));
      const slot = next[index];
      if (!slot) continue;
      await saveProcessed(tx, id, processed + index + 1);
      const notBefore = (await hasOtherDueRuns(tx, job.id, now))
        ? new Date(now.getTime() + LOW_PRIORITY_DELAY_MS)
        : now;
      const run = await insertBackfillRun(tx, newSlotRun(this.#deps, job, slot), { backfillId: id, notBefore, now });
      await runHooks(this.#deps, tx, job, [run]);
      return run;
    }
    await saveProcessed(tx, id, slots.length);
    await endBackfill(tx, id, "done", now);
    this.#deps.log.info("Backfill done", { job: job.id, backfill: id, slots: slots.length });
    return undefined;
  }

  async #tryNext(job: Job, id: string): Promise<void> {
    try {
      const run = await this.#deps.db.transaction((tx) => this.enqueueNextSlot(tx, job, id));
      if (run) await dispatch(this.#deps, [run]);
    } catch (error) {
      this.#deps.log.warn("Advancing a backfill failed; the sweep retries it", { backfill: id, error });
    }
  }
}
