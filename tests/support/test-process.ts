import { z } from "zod";
import { afterCommit } from "#data/after-commit.ts";
import { connect, type Db } from "#data/client.ts";
import type { FreedSlot } from "#data/platform/early-slots.ts";
import { defineJob, type Job, manual } from "#jobs";
import { catalogueOf } from "#jobs/catalogue.ts";
import { effectiveSchedule } from "#jobs/effective-schedule.ts";
import { gateStateOf } from "#jobs/gates.ts";
import type { NewEvent, RunObserver, RunStateChange } from "#jobs/run-observer.ts";
import { outbound } from "#providers/outbound.ts";
import { realtimeObserver } from "#realtime/realtime-observer.ts";
import type { DispatchedRun, RunnerDependencies } from "#runner/dependencies.ts";
import type { Enqueuer } from "#runner/enqueue.ts";
import { Runner } from "#runner/runner.ts";
import { readConfig } from "#settings/config.ts";
import type { Environment } from "#settings/environment.ts";
import { Log, type LogEntry, type LogSink } from "#telemetry/log.ts";
import { TestClock } from "./test-clock.ts";

/** The runner of one app process, with a clock, a log and a message queue that the test controls. */
export interface TestProcess {
  readonly runner: Runner;
  /** What the runner works with. */
  readonly dependencies: RunnerDependencies;
  readonly enqueuer: Enqueuer;
  readonly db: Db;
  readonly clock: TestClock;
  readonly log: LogEntry[];
  /** Dispatched messages that no test has consumed. */
  readonly dispatched: DispatchedRun[];
  /** What the observer received after commits: state changes of runs, and the events that jobs published. */
  readonly observed: {
    readonly moves: RunStateChange[];
    readonly events: NewEvent[];
    /** Slots that the operators were alerted about. */
    readonly freed: FreedSlot[];
  };
  readonly observer: RunObserver;
  close(): Promise<void>;
}

let count = 0;

/**
 * @param heartbeatMs default: an hour, so that only the test sends heartbeats
 */
export function startProcess(
  url: string,
  jobs: readonly Job[],
  {
    clock = new TestClock(),
    leaseMs = 60_000,
    heartbeatMs = 3_600_000,
    env = {},
    poolMax = 10,
    db: shared,
    sink,
  }: {
    clock?: TestClock;
    leaseMs?: number;
    heartbeatMs?: number;
    env?: Environment;
    poolMax?: number;
    /** The test's own connection; `close` leaves it open. */
    db?: Db;
    /** Receives the log too. */
    sink?: LogSink;
  } = {},
): TestProcess {
  const config = readConfig({ DATABASE_URL: url, ...env }, jobs);
  const db = shared ?? connect({ url, poolMax, idleMs: 60_000, tls: "disable", prepare: true });
  const log: LogEntry[] = [];
  const keep = (entry: LogEntry) => {
    log.push(entry);
    sink?.(entry);
  };
  const dispatched: DispatchedRun[] = [];
  const observed: TestProcess["observed"] = { moves: [], events: [], freed: [] };
  const observer: RunObserver = {
    ...realtimeObserver(null, clock),
    stateChanged: (runs) => observed.moves.push(...runs),
    publish(tx, events) {
      realtimeObserver(null, clock).publish(tx, events);
      afterCommit(tx, () => observed.events.push(...events));
    },
  };
  const catalogue = catalogueOf([...jobs, ...stubsAfter(jobs)]);
  const dependencies: RunnerDependencies = {
    db,
    clock,
    log: new Log(keep, { level: "debug" }),
    holder: `test:${process.pid}:${++count}`,
    leaseMs,
    heartbeatMs,
    settings: config,
    gates: () => gateStateOf(config),
    outbound,
    findJob: (id) => catalogue.find(id),
    schedules: async () =>
      jobs.flatMap((job) => {
        const schedule = effectiveSchedule(job, config.jobs.get(job.id));
        return schedule ? [{ jobId: job.id, schedule }] : [];
      }),
    settingsOf: (job) => ({
      enabled: config.jobs.get(job.id)?.enabled ?? job.enabledByDefault,
      maxRetries: config.jobs.get(job.id)?.maxRetries ?? job.retry.retries,
    }),
    dispatch: async (runs) => {
      dispatched.push(...runs);
    },
    random: () => 0.5,
    observer,
    alertFreedSlots: async (_tx, freed) => {
      observed.freed.push(...freed);
    },
  };
  const runner = new Runner(dependencies);
  return {
    runner,
    dependencies,
    enqueuer: runner.enqueuer,
    db,
    clock,
    log,
    dispatched,
    observed,
    observer,
    close: async () => {
      if (!shared) await db.$client.end();
    },
  };
}

/** Stubs of the chained jobs that the test does not define. */
function stubsAfter(jobs: readonly Job[]): Job[] {
  const given = new Set(jobs.map(({ id }) => id));
  const missing = new Set(jobs.flatMap(({ then }) => then).filter((id) => !given.has(id)));
  const family = { id: "samples", title: "Samples" };
  return [...missing].map((id) =>
    defineJob({ id, family, summary: "A stub", on: manual, input: z.strictObject({}), run: async () => undefined }),
  );
}
