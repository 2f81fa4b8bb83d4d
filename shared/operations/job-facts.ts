import type { Db } from "#data/client.ts";
import { listEffects } from "#data/platform/effects.ts";
import { allRefusals } from "#data/platform/gate-refusals.ts";
import { slotLedgers } from "#data/platform/job-schedules.ts";
import { lastEndedRunOf, openRunsOf } from "#data/platform/job-state.ts";
import { listPauses } from "#data/platform/pauses.ts";
import { effectiveSchedule } from "#jobs/effective-schedule.ts";
import { gateStateOf, partialRefusals, refusalOf } from "#jobs/gates.ts";
import { gatedOf, type Job, pauseScopesOf } from "#jobs/job.ts";
import { PROVIDER_WAIT } from "#jobs/provider-wait.ts";
import { clockFault, type ClockGuard } from "#runner/clock-guard.ts";
import type { Clock } from "#schedule/clock.ts";
import { describeSchedule, nextOccurrence } from "#schedule/index.ts";
import type { Config } from "#settings/config.ts";
import { jobSettingNames } from "#settings/job-settings.ts";
import { providerHealth } from "./provider-health.ts";
import { accountableRange } from "./unaccounted-slots.ts";
import type { JobFacts, KnownFacts, RunFacts } from "./why-not-running.ts";

/** Running and waiting runs that are read, of each. */
const MAX_OPEN_RUNS = 200;
const MAX_PARKED_EFFECTS = 10;

/** The parts of an app that know something about a job without the database. */
interface KnowingApp {
  readonly clock: Clock;
  readonly config: Config;
  readonly clockGuard?: Pick<ClockGuard, "state"> | undefined;
}

/** What settings and this process know, without the database. */
export function knownFacts({ clock, config, clockGuard }: KnowingApp, job: Job): KnownFacts {
  const now = clock.now();
  const overrides = config.jobs.get(job.id);
  const schedule = effectiveSchedule(job, overrides);
  const ownClock = clockGuard?.state;
  const refusal = refusalOf(job.gates, gateStateOf(config));
  return {
    now,
    enabled: overrides?.enabled ?? job.enabledByDefault,
    enabledSetting: jobSettingNames(job.id).enabled,
    refusals: refusal ? [refusal] : [],
    schedule: schedule && { inWords: describeSchedule(schedule), next: nextOccurrence(schedule, now) },
    clockFault: ownClock?.state === "wrong" ? clockFault(ownClock.aheadMs!) : null,
  };
}

/** Reads what explains why a job is not running, except how its runs are dispatched. */
export async function jobFacts(app: KnowingApp & { readonly db: Db }, job: Job): Promise<Omit<JobFacts, "carrier">> {
  const { db, config } = app;
  const known = knownFacts(app, job);
  const { now } = known;
  const gated = gatedOf(job);
  const range = accountableRange(now);
  const [{ running, waiting }, last, parked, pauses, refused, ledgers] = await Promise.all([
    openRunsOf(db, job.id, MAX_OPEN_RUNS),
    lastEndedRunOf(db, job.id),
    listEffects(db, { state: "parked", jobId: job.id, limit: MAX_PARKED_EFFECTS }),
    listPauses(db, now),
    allRefusals(db, [gated], now),
    slotLedgers(db, [job.id], { ...range, now }),
  ]);
  const schedule = effectiveSchedule(job, config.jobs.get(job.id));
  const { until, future } = ledgers.get(job.id) ?? {};
  const expected = schedule && until ? nextOccurrence(schedule, until) : null;
  const scopes = pauseScopesOf(job);
  return {
    ...known,
    refusals: [...known.refusals, ...(refused.get(job.id) ?? [])],
    partialRefusals: partialRefusals(job.gates, gateStateOf(config)).map(({ refusal }) => refusal),
    pauses: pauses.filter(({ scope }) => scopes.includes(scope)),
    missingSlot: expected && expected < range.to ? expected : null,
    slotInFuture: future ?? null,
    running,
    waiting,
    moreWait: waiting.length === MAX_OPEN_RUNS,
    last: last ?? null,
    parked,
    providerTroubles: await troublesOf(app, waiting),
  };
}

/** What is wrong with the providers that runs wait for. */
async function troublesOf(app: KnowingApp & { readonly db: Db }, waiting: readonly RunFacts[]): Promise<string[]> {
  const codes = new Set(
    waiting.flatMap(({ reasonCode }) => (reasonCode?.startsWith(PROVIDER_WAIT) ? [reasonCode] : [])),
  );
  if (codes.size === 0) return [];
  const providers = await providerHealth(app);
  return providers.flatMap(({ provider, trouble }) =>
    trouble && codes.has(PROVIDER_WAIT + provider) ? [trouble] : [],
  );
}
