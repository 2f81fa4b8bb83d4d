import type { Refusal } from "#data/platform/gate-refusals.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { claimSlot, type SlotClaim } from "#data/platform/run-claims.ts";
import { isScheduled, type Job, needsOf } from "#jobs/job.ts";
import { previousOccurrence, type Schedule } from "#schedule/index.ts";
import { leaseOf, type RunnerDependencies } from "./dependencies.ts";
import { dispatch } from "./dispatch.ts";
import { freeSlots } from "./free-slots.ts";
import { newSlotRun } from "./new-run.ts";
import { recordMissedSlots } from "./record-missed-slots.ts";
import { requeueDelay } from "./requeue-delay.ts";
import { writeWithHooks } from "./run-hooks.ts";
import { logOf } from "./run-log.ts";
import { settingsRefusals } from "./settings-refusal.ts";

export interface SlotOptions {
  /** Finds missed slots. Default: none are looked for. */
  readonly schedule?: Schedule | null;
  /** A reason not to run that the tick knows. */
  readonly refusal?: Refusal | null;
}

/**
 * Claims a slot of a scheduled job. Slots that were missed since the last one in the ledger are recorded first.
 * @returns the run, `running` when this process holds it; undefined when the slot is already claimed
 */
export async function claimSlotRun(
  deps: RunnerDependencies,
  job: Job,
  slot: Date,
  options: SlotOptions,
): Promise<Run | undefined> {
  if (!isScheduled(job)) throw new TypeError(`${job.id} has no schedule`);
  const run = await claimWithGap(deps, job, slot, options);
  if (!run) {
    deps.log.debug("The slot is already claimed", { job: job.id, slot });
  } else if (run.state === "skipped") {
    logOf(deps.log, run).info("Skipped", { reason: run.reason });
  } else if (run.state === "queued") {
    logOf(deps.log, run).info("Waits for another run of the job", { reason: run.reason });
    await dispatch(deps, requeueDelay(run, { isFirstInLine: false, now: deps.clock.now() }));
  }
  return run;
}

async function claimWithGap(
  deps: RunnerDependencies,
  job: Job,
  slot: Date,
  { schedule = null, refusal = null }: SlotOptions,
): Promise<Run | undefined> {
  const row = newSlotRun(deps, job, slot);
  const [bySettings] = await settingsRefusals(deps, deps.db, job, [row]);
  const facts = {
    needs: needsOf(job),
    refusal: bySettings ?? refusal,
    overlap: job.overlap,
    inOrder: job.missed === "all",
    gap: schedule && {
      expression: schedule.expression,
      timeZone: schedule.zone,
      previous: previousOccurrence(schedule, slot),
    },
    lease: leaseOf(deps),
    now: deps.clock.now(),
    isSimulated: deps.clock.isSimulated ?? false,
  };
  const claim = async () => {
    let claimed: SlotClaim = { run: undefined, isFuture: false, isTakenEarly: false, gapSince: null };
    await writeWithHooks(deps, job, async (db) => (claimed = await claimSlot(db, row, facts)).run);
    return claimed;
  };
  let claimed = await claim();
  if (claimed.isFuture) {
    deps.log.error("The slot is in the database's future and is not claimed: the clock of this process is ahead", {
      job: job.id,
      slot,
    });
    return undefined;
  }
  if (claimed.isTakenEarly) {
    await freeSlots(deps, [job.id], slot);
    if (!claimed.run) claimed = await claim();
  }
  if (schedule && claimed.gapSince) {
    await dispatch(deps, await recordMissedSlots(deps, job, { schedule, since: claimed.gapSince, next: slot }));
    claimed = await claim();
  }
  // No run: the slot is already claimed, or another slot of this job started in the same instant. The second claim sees
  // that one running, and records this slot as skipped.
  return claimed.run ?? (await claim()).run;
}
