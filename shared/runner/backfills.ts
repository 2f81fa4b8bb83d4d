import type { Tx } from "#data/client.ts";
import {
  endBackfill,
  insertSlotRun,
  liveBackfillRuns,
  lockBackfill,
  othersWait,
  runningBackfills,
  saveTaken,
  slotsDone,
} from "#data/platform/backfills.ts";
import { gateRefusal } from "#data/platform/gates.ts";
import type { Run } from "#data/platform/schema.ts";
import { gatedOf, type Job } from "#jobs/define-job.ts";
import type { Admission } from "./admission.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { send } from "./sending.ts";
import { follow } from "./tracking.ts";

/** How long a backfill's next run gives way to others of its job that wait. */
const GIVES_WAY_MS = 5_000;
/** Slots that are looked at in one step: those that are done meanwhile are passed over. */
const LOOKED_AT = 500;

/**
 * Takes backfills from slot to slot, oldest first, one run at a time: the next is made when the one before has ended. While a
 * gate or a pause stops the job it makes none; the sweep asks again each minute.
 */
export class Backfills {
  readonly #deps: RunnerDependencies;
  readonly #admission: Admission;

  constructor(deps: RunnerDependencies, admission: Admission) {
    this.#deps = deps;
    this.#admission = admission;
  }

  /** Takes the next slots of the backfills to which ended runs belong. Never throws: the sweep makes up for what fails. */
  async goOn(job: Job, ended: readonly Run[]): Promise<void> {
    const ids = new Set(ended.flatMap(({ backfillId, finishedAt }) => (backfillId && finishedAt ? [backfillId] : [])));
    for (const id of ids) await this.#tryStep(job, id);
  }

  /** The same for all that are under way and stand still. */
  async goOnAll(): Promise<void> {
    for (const { id, jobId } of await runningBackfills(this.#deps.db)) {
      const job = await this.#deps.findJob(jobId);
      if (job) await this.#tryStep(job, id);
    }
  }

  /** In the caller's transaction. Send what comes back when it has committed. */
  async step(tx: Tx, job: Job, id: string): Promise<Run | undefined> {
    const now = this.#deps.clock.now();
    const backfill = await lockBackfill(tx, id);
    if (!backfill || (await liveBackfillRuns(tx, id)).length > 0) return undefined;
    if (this.#admission.refusal(job) ?? (await gateRefusal(tx, gatedOf(job), now))) return undefined;

    const slots = backfill.slots.map((slot) => new Date(slot));
    for (let { taken } = backfill; taken < slots.length; taken += LOOKED_AT) {
      const next = slots.slice(taken, taken + LOOKED_AT);
      const done = await slotsDone(tx, job.id, next);
      const place = next.findIndex((slot) => !done.has(slot.getTime()));
      const slot = next[place];
      if (!slot) continue;
      await saveTaken(tx, id, taken + place + 1);
      const notBefore = (await othersWait(tx, job.id, now)) ? new Date(now.getTime() + GIVES_WAY_MS) : now;
      const run = this.#admission.slotCandidate(job, slot);
      const made = await insertSlotRun(tx, run, { backfillId: id, notBefore, now });
      await follow(tx, job, [made], this.#deps.watch);
      return made;
    }
    await saveTaken(tx, id, slots.length);
    await endBackfill(tx, id, "done", now);
    this.#deps.log.info("Backfill done", { job: job.id, backfill: id, slots: slots.length });
    return undefined;
  }

  async #tryStep(job: Job, id: string): Promise<void> {
    try {
      const run = await this.#deps.db.transaction((tx) => this.step(tx, job, id));
      if (run) await send(this.#deps, [run]);
    } catch (error) {
      this.#deps.log.warn("A backfill could not take its next slot; the sweep will try again", { backfill: id, error });
    }
  }
}
