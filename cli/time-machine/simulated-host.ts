import { type App, openApp } from "#app";
import { catalogueOf } from "#jobs/catalogue.ts";
import { isScheduled, type Job } from "#jobs/define-job.ts";
import { scheduleInForce } from "#jobs/effective-schedule.ts";
import type { TimerFunction } from "#local/functions-host/function-definition.ts";
import { isSubMinute, parseNcrontab } from "#local/functions-host/ncrontab.ts";
import { type RunningTimer, startTimer } from "#local/functions-host/timer.ts";
import type { TimerStatus, TimerStatusStore } from "#local/functions-host/timer-status.ts";
import type { DispatchedRun } from "#runner/dependencies.ts";
import { tick } from "#runner/tick.ts";
import { utcSuperset } from "#schedule/index.ts";
import { type Config, readConfig } from "#settings/config.ts";
import type { Environment } from "#settings/environment.ts";
import type { SimulatedClock } from "./simulated-clock.ts";

/** One process of the app under a Functions host, as far as jobs go: the app's own wiring and the host's own timers. */
export interface SimulatedHost {
  readonly app: App;
  /** How often its timers went off. */
  readonly firings: number;
  /** How many timers are set while it is up. */
  readonly timers: number;
  /** Starts the timers, as a host does: what was missed is made up for at once. */
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
  /** Shared by the hosts, as they share it in storage. */
  readonly statuses: TimerStatusStore;
  readonly dispatch: (runs: readonly DispatchedRun[]) => Promise<void>;
  /** Told of what goes wrong outside of a run: the layer itself failed. */
  readonly onFault: (error: unknown) => void;
}

export function openHost({ name, url, jobs, env, clock, statuses, dispatch, onFault }: HostParts): SimulatedHost {
  const config = readConfig(
    { ...env, DATABASE_URL: url, DATABASE_POOL_MAX: "4", ROTA_INSTANCE: name },
    jobs,
  );
  const travelling = jobs.map((job) => amongThemselves(job, jobs));
  const app = openApp(config, catalogueOf(travelling), { clock, dispatch, sink: () => undefined });
  const functions = travelling.filter(isScheduled).map((job) => timerFunction(job, config, app, () => clock.now()));
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
        await startInvocation(fn, request).catch(onFault);
      };
      const onTimerFault = (_: TimerFunction, error: unknown) => {
        onFault(error);
      };
      running = await Promise.all(
        functions.map((fn) => startTimer(fn, { clock, statuses, invoke, onFault: onTimerFault })),
      );
    },
    async down() {
      await Promise.all(running.map((timer) => timer.stop()));
      running = [];
    },
  };
}

/** Who does not come along is not asked for. */
function amongThemselves(job: Job, jobs: readonly Job[]): Job {
  return { ...job, then: job.then.filter((id) => jobs.some((other) => other.id === id)) };
}

/** What hosts remember of their timers, for as long as the simulation takes. */
export function timerStatuses(): TimerStatusStore {
  const kept = new Map<string, TimerStatus>();
  return {
    read: async (timer) => kept.get(timer),
    async write(timer, status) {
      kept.set(timer, status);
    },
  };
}

/** The timer function as register.ts and the host make it of a job: the UTC superset, and the tick behind it. */
function timerFunction(job: Job, config: Config, { runner }: App, now: () => Date): TimerFunction {
  const schedule = scheduleInForce(job, config.jobs.get(job.id));
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
      await tick({ runner, now: now(), isPastDue }, job, schedule);
    },
  };
}

async function startInvocation(
  { handler }: TimerFunction,
  { inputData }: { readonly inputData: readonly { readonly data: { readonly json?: string } }[] },
): Promise<void> {
  await handler(JSON.parse(inputData[0]?.data.json ?? "{}"));
}
