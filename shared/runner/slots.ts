import { claimSlot, type SlotClaim } from "#data/platform/claims.ts";
import type { Refusal } from "#data/platform/gates.ts";
import type { Run } from "#data/platform/schema.ts";
import { isScheduled, type Job, needsOf } from "#jobs/define-job.ts";
import { previousOccurrence, type Schedule } from "#schedule/index.ts";
import type { Admission } from "./admission.ts";
import { leaseOf, type RunnerDependencies } from "./dependencies.ts";
import { recordMissed } from "./missed.ts";
import { nextLook } from "./next-look.ts";
import { logOf } from "./run-log.ts";
import { send } from "./sending.ts";
import { tracked } from "./tracking.ts";

export interface SlotOptions {
  /** By which slots are found missing; without it none are looked for. */
  readonly schedule?: Schedule | null;
  /** A reason not to run that the tick knows. */
  readonly refusal?: Refusal | null;
}

/** Takes slots for scheduled jobs; what was missed since the last slot that the ledger knows is recorded first. */
export class Slots {
  readonly #deps: RunnerDependencies;
  readonly #admission: Admission;

  constructor(deps: RunnerDependencies, admission: Admission) {
    this.#deps = deps;
    this.#admission = admission;
  }

  /** @returns the run: `running` when it is to be carried out now; undefined when the slot was taken before */
  async take(job: Job, slot: Date, options: SlotOptions): Promise<Run | undefined> {
    if (!isScheduled(job)) throw new TypeError(`${job.id} has no schedule`);
    const run = await this.#claim(job, slot, options);
    if (!run) {
      this.#deps.log.debug("The slot was taken before", { job: job.id, slot });
    } else if (run.state === "skipped") {
      logOf(this.#deps.log, run).info("Skipped", { reason: run.reason });
    } else if (run.state === "queued") {
      logOf(this.#deps.log, run).info("Waits for the run in its way", { reason: run.reason });
      await send(this.#deps, nextLook(run, { isFirst: false, now: this.#deps.clock.now() }));
    }
    return run;
  }

  async #claim(job: Job, slot: Date, { schedule = null, refusal = null }: SlotOptions): Promise<Run | undefined> {
    const candidate = this.#admission.slotCandidate(job, slot);
    const facts = {
      needs: needsOf(job),
      refusal: this.#admission.refusal(job) ?? refusal,
      overlap: job.overlap,
      inOrder: job.missed === "all",
      previous: schedule && previousOccurrence(schedule, slot),
      lease: leaseOf(this.#deps),
      now: this.#deps.clock.now(),
    };
    const claim = async () => {
      let claimed: SlotClaim = { run: undefined, gapSince: null };
      await tracked(this.#deps, job, async (db) => (claimed = await claimSlot(db, candidate, facts)).run);
      return claimed;
    };
    let claimed = await claim();
    if (schedule && claimed.gapSince) {
      const gap = { schedule, since: claimed.gapSince, next: slot };
      const missed = { ...gap, candidate: (passed: Date) => this.#admission.slotCandidate(job, passed) };
      await send(this.#deps, await recordMissed(this.#deps, job, missed));
      claimed = await claim();
    }
    // Nothing back means that the slot is taken, or that another slot of this job started in the same instant: the second
    // look sees that one running, and records this slot as skipped.
    return claimed.run ?? (await claim()).run;
  }
}
