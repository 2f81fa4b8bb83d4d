import { type App, openApp } from "#app";
import { catalogueOf } from "#jobs/catalogue.ts";
import { effectiveSchedule } from "#jobs/effective-schedule.ts";
import { isScheduled, type Job } from "#jobs/job.ts";
import type { TimerFunction } from "#local/functions-host/function-definition.ts";
import type { TimerStatus, TimerStatusStore } from "#local/functions-host/timer-status.ts";
import { type RunningTimer, startTimer } from "#local/functions-host/timer-trigger.ts";
import { isSubMinute, parseNcrontab } from "#local/functions-host/utc-ncrontab.ts";
import type { DispatchedRun } from "#runner/dependencies.ts";
import { tick } from "#runner/tick.ts";
import { utcSuperset } from "#schedule/index.ts";
import { type Config, readConfig } from "#settings/config.ts";
import type { Environment } from "#settings/environment.ts";
import type { SimulatedClock } from "./simulated-clock.ts";

/** One app process under a Functions host, reduced to its jobs: the app's wiring and the host's timers. */
export interface SimulatedHost {
  readonly app: App;
  /** How often its timers fired. */
  readonly firings: number;
  /** The number of timers while it runs. */
  readonly timers: number;
  /** Starts the timers, as a host does: a timer fires at once for missed occurrences. */
  up(): Promise<void>;
  /** Stops them. */
  down(): Promise<void>;
}

export interface HostParts {
  readonly name: string;
  readonly url: string;
  readonly jobs: readonly Job[];
  readonly env: Environment;
  readonly clock: SimulatedClock;
  /** Shared by all hosts, as in storage. */
  readonly statuses: TimerStatusStore;
  readonly dispatch: (runs: readonly DispatchedRun[]) => Promise<void>;
  /** Receives errors of the job layer, outside of a run. */
  readonly onError: (error: unknown) => void;
}

export function openHost({ name, url, jobs, env, clock, statuses, dispatch, onError }: HostParts): SimulatedHost {
  const config = readConfig({ ...env, DATABASE_URL: url, DATABASE_POOL_MAX: "4", ROTA_INSTANCE: name }, jobs);
  const simulated = jobs.map((job) => withoutOtherJobs(job, jobs));
  const app = openApp(config, catalogueOf(simulated), { clock, dispatch, sink: () => undefined });
  const functions = simulated.filter(isScheduled).map((job) => timerFunction(job, config, app));
  let running: RunningTimer[] = [];
  let firings = 0;
  return {
    app,
    timers: functions.length,
    get firings() {
      return firings;
    },
    async up() {
      const invoke = async (fn: TimerFunction, request: Parameters<typeof startInvocation>[1]) => {
        firings += 1;
        await startInvocation(fn, request).catch(onError);
      };
      const onTimerError = (_: TimerFunction, error: unknown) => {
        onError(error);
      };
      running = await Promise.all(
        functions.map((fn) => startTimer(fn, { clock, statuses, invoke, onError: onTimerError })),
      );
    },
    async down() {
      await Promise.all(running.map((timer) => timer.stop()));
      running = [];
    },
  };
}

/** Removes jobs that are not simulated from the chain. */
function withoutOtherJobs(job: Job, jobs: readonly Job[]): Job {
  return { ...job, then: job.then.filter((id) => jobs.some((other) => other.id === id)) };
}

/** Stores the status of timers in memory. */
export function timerStatuses(): TimerStatusStore {
  const kept = new Map<string, TimerStatus>();
  return {
    read: async (timer) => kept.get(timer),
    async write(timer, status) {
      kept.set(timer, status);
    },
  };
}

/** The timer function of a job, as register.ts and the host define it: the UTC superset and the tick. */
function timerFunction(job: Job, config: Config, { runner, clock }: App): TimerFunction {
  const schedule = effectiveSchedule(job, config.jobs.get(job.id));
  if (!schedule) throw new TypeError(`${job.id} has no schedule`);
  const ncrontab = parseNcrontab(utcSuperset(schedule));
  return {
    name: job.id,
    trigger: "timer",
    bindingName: "timer",
    isDisabled: false,
    runOnStartup: false,
    metadata: { name: job.id, bindings: {} },
    schedule: ncrontab,
    useMonitor: !isSubMinute(ncrontab),
    handler: async (timer) => {
      const { IsPastDue: isPastDue } = timer as { IsPastDue: boolean };
      await tick({ runner, clock, isPastDue }, job, schedule);
    },
  };
}

async function startInvocation(
  { handler }: TimerFunction,
  { inputData }: { readonly inputData: readonly { readonly data: { readonly json?: string } }[] },
): Promise<void> {
  await handler(JSON.parse(inputData[0]?.data.json ?? "{}"));
}
