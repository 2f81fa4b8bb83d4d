import type { Db } from "#data/client.ts";
import { listEffects } from "#data/platform/effects.ts";
import { gateRefusal } from "#data/platform/gate-refusals.ts";
import { slotLedgers } from "#data/platform/job-schedules.ts";
import { lastEndedRunOf, openRunsOf } from "#data/platform/job-state.ts";
import { listPauses } from "#data/platform/pauses.ts";
import { effectiveSchedule } from "#jobs/effective-schedule.ts";
import { partialRefusals, refusalOf } from "#jobs/gates.ts";
import { gatedOf, type Job, pauseScopesOf } from "#jobs/job.ts";
import { clockFault, type ClockGuard } from "#runner/clock-guard.ts";
import type { Clock } from "#schedule/clock.ts";
import { describeSchedule, nextOccurrence } from "#schedule/index.ts";
import type { Config } from "#settings/config.ts";
import { jobSettingNames } from "#settings/job-settings.ts";
import { accountableRange } from "./unaccounted-slots.ts";
import type { JobFacts } from "./why-not-running.ts";

/** Open runs that are read; more of them change one sentence only, the number of runs that wait. */
const MAX_OPEN_RUNS = 200;
const MAX_PARKED_EFFECTS = 10;

/** Reads what explains why a job is not running, except how its runs are dispatched. */
export async function jobFacts(
  {
    db,
    clock,
    config,
    clockGuard,
  }: { db: Db; clock: Clock; config: Config; clockGuard?: Pick<ClockGuard, "state"> | undefined },
  job: Job,
): Promise<Omit<JobFacts, "carrier">> {
  const now = clock.now();
  const gated = gatedOf(job);
  const range = accountableRange(now);
  const [open, last, parked, pauses, databaseRefusal, ledgers] = await Promise.all([
    openRunsOf(db, job.id, MAX_OPEN_RUNS),
    lastEndedRunOf(db, job.id),
    listEffects(db, { state: "parked", jobId: job.id, limit: MAX_PARKED_EFFECTS }),
    listPauses(db, now),
    gateRefusal(db, gated, now),
    slotLedgers(db, [job.id], { ...range, now }),
  ]);
  const overrides = config.jobs.get(job.id);
  const schedule = effectiveSchedule(job, overrides);
  const { until, future } = ledgers.get(job.id) ?? {};
  const expected = schedule && until ? nextOccurrence(schedule, until) : null;
  const ownClock = clockGuard?.state;
  const gates = { internetAllowed: config.ALLOW_INTERNET_SYNC };
  const scopes = pauseScopesOf(job);
  return {
    now,
    enabled: overrides?.enabled ?? job.enabledByDefault,
    enabledSetting: jobSettingNames(job.id).enabled,
    refusals: [refusalOf(job.gates, gates), databaseRefusal].filter((refusal) => refusal !== null),
    partialRefusals: partialRefusals(job.gates, gates).map(({ refusal }) => refusal),
    pauses: pauses.filter(({ scope }) => scopes.includes(scope)),
    schedule: schedule && { inWords: describeSchedule(schedule), next: nextOccurrence(schedule, now) },
    clockFault: ownClock?.state === "wrong" ? clockFault(ownClock.aheadMs!) : null,
    missingSlot: expected && expected < range.to ? expected : null,
    slotInFuture: future ?? null,
    running: open.filter(({ state }) => state === "running"),
    waiting: open.filter(({ state }) => state !== "running"),
    last: last ?? null,
    parked,
  };
}
