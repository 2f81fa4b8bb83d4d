import { hostname } from "node:os";
import { connect } from "#data/client.ts";
import { DatabaseReach } from "#data/connection/database-reach.ts";
import { DatabaseClock, readDatabaseClock } from "#data/database-clock.ts";
import { databaseOptions } from "#data/database-options.ts";
import type { App } from "#http/app-services.ts";
import type { JobCatalogue } from "#jobs/catalogue.ts";
import { effectiveSchedule } from "#jobs/effective-schedule.ts";
import { asError, isDatabaseUnavailable } from "#jobs/error-class.ts";
import { gateStateOf } from "#jobs/gates.ts";
import { brokerProbe } from "#messaging/broker-probe.ts";
import { ownQueue, SHARED_QUEUE } from "#messaging/queue-names.ts";
import { dispatchByServiceBus } from "#messaging/service-bus-dispatch.ts";
import { type MessageSender, openServiceBus } from "#messaging/service-bus-sender.ts";
import { lazyOutbound } from "#providers/outbound/lazy-outbound.ts";
import { configuredRealtime } from "#realtime/configured-realtime.ts";
import { nullRealtime } from "#realtime/realtime.ts";
import { realtimeObserver } from "#realtime/realtime-observer.ts";
import { ClockGuard } from "#runner/clock-guard.ts";
import { DeliveryWatch, undeliveredText } from "#runner/delivery-watch.ts";
import type { RunnerDependencies, ScheduleInForce } from "#runner/dependencies.ts";
import { dispatchInProcess } from "#runner/in-process-dispatch.ts";
import { Runner } from "#runner/runner.ts";
import { surviveUnhandledRejections } from "#runner/unhandled-rejections.ts";
import type { Clock } from "#schedule/clock.ts";
import { appCallPolicies } from "#services/providers/app-call-policies.ts";
import type { Config } from "#settings/config.ts";
import { withLogChannel, withRunStateChannel } from "#telemetry/diagnostics-channels.ts";
import { startEventLoopWatchdog } from "#telemetry/event-loop/event-loop-watchdog.ts";
import { jsonLines, Log, type LogSink } from "#telemetry/log.ts";
import { OutageLimit } from "#telemetry/outage-limit.ts";
import { prettyLines } from "#telemetry/pretty-log.ts";
import { activeTrace, correlationIdOfTrace } from "#telemetry/trace-context.ts";

export type { App };

/** Time that running jobs get after SIGTERM before their signal. */
const GRACE_MS = 25_000;

/** Assembles the app. Connections open with their first use. */
export function openApp(
  config: Config,
  jobs: JobCatalogue,
  {
    clock: simulatedClock,
    sink = defaultSink(config),
    dispatch,
    ownQueues = new Set(),
    schedules = () => schedulesOf(config, jobs),
    routes = async () => [],
    watchesEventLoop = false,
  }: {
    /** Replaces the database's clock: for tests and the time machine. */
    clock?: Clock;
    sink?: LogSink;
    dispatch?: RunnerDependencies["dispatch"];
    /** Ids of the jobs with a queue of their own. */
    ownQueues?: ReadonlySet<string>;
    /** The schedules in force. Default: those of the jobs, which it loads. */
    schedules?: () => Promise<readonly ScheduleInForce[]>;
    /** Default: none. */
    routes?: App["routes"];
    /** Whether the log names the runs of turns that exceed EVENT_LOOP_LIMIT. Default false: it takes a thread. */
    watchesEventLoop?: boolean;
  } = {},
): App {
  const holder = config.ROTA_INSTANCE ?? `${hostname()}:${process.pid}:${Date.now().toString(36)}`;
  const limit = new OutageLimit((error) => (isDatabaseUnavailable(error) ? asError(error) : undefined));
  const log = new Log(withLogChannel(sink), { level: config.LOG_LEVEL, limit });
  const reach = new DatabaseReach({ log });
  const options = {
    ...databaseOptions(config, `rota ${holder}`),
    reach,
    log,
    // A hanging process or a lost machine must not keep its locks longer than its runs: the rescuer would wait for
    // them.
    ...(config.DATABASE_PREPARE && {
      idleTransactionTimeoutMs: config.JOB_LEASE,
      lockTimeoutMs: config.DATABASE_LOCK_TIMEOUT,
    }),
  };
  const db = connect(options);
  // A heartbeat that waits behind a long statement of its job would lose the lease. Short runs send none, and then this
  // connection is never opened.
  const beatDb = connect({ ...options, poolMax: 1 });
  const databaseClock = simulatedClock ? undefined : new DatabaseClock(() => readDatabaseClock(db));
  const clock = simulatedClock ?? databaseClock!;
  const stopping = new AbortController();
  const watchdog =
    watchesEventLoop && config.EVENT_LOOP_LIMIT > 0
      ? startEventLoopWatchdog({ limitMs: config.EVENT_LOOP_LIMIT, log, isJson: logFormat(config) === "json" })
      : undefined;
  const stopSurviving = surviveUnhandledRejections(log);
  const inProcess = dispatchInProcess({
    clock,
    log,
    async execute(jobId, take) {
      const job = await jobs.find(jobId);
      const ids = take(job?.queue?.batch ?? 1);
      return job && ids.length > 1 ? runner.executeBatch(job, ids) : Promise.all(ids.map((id) => runner.execute(id)));
    },
  });
  const sender = serviceBusOf(config, clock);
  const defaultDispatch = sender ? dispatchByServiceBus(sender, (jobId) => ownQueues.has(jobId)) : inProcess.dispatch;
  const realtime = configuredRealtime(config, log);
  const observer = withRunStateChannel(realtimeObserver(realtime, clock));
  const callPolicies = appCallPolicies(() => app);
  const runnerDependencies: RunnerDependencies = {
    db,
    beatDb,
    clock,
    log,
    holder,
    leaseMs: config.JOB_LEASE,
    heartbeatMs: config.JOB_HEARTBEAT,
    settings: config,
    gates: () => gateStateOf(config),
    outbound: lazyOutbound,
    findJob: (id) => jobs.find(id),
    schedules,
    settingsOf: (job) => ({
      enabled: config.jobs.get(job.id)?.enabled ?? job.enabledByDefault,
      maxRetries: config.jobs.get(job.id)?.maxRetries ?? job.retry.retries,
    }),
    dispatch: dispatch ?? defaultDispatch,
    observer,
    correlationId() {
      const trace = activeTrace.getStore();
      return trace && correlationIdOfTrace(trace);
    },
    alert: async (tx, dead) => {
      // Loaded with the first dead run: most processes have none.
      const { notifyDeadRuns } = await import("#notifications/notify-dead-runs.ts");
      await notifyDeadRuns(app, tx, dead);
    },
    alertFreedSlots: async (tx, freed) => {
      const { notifyFreedSlots } = await import("#notifications/notify-freed-slots.ts");
      await notifyFreedSlots(app, tx, freed);
    },
    checkDelivery: async () => delivery?.check(),
    callPolicy: (run) => callPolicies.ofRun(run),
    closeRecovered: () => callPolicies.closeRecovered(),
    executeUndelivered: async (runs) => inProcess.dispatch(runs.filter(({ jobId }) => delivery?.isUndelivered(jobId))),
  };
  const runner: Runner = new Runner(runnerDependencies);
  const delivery = sender
    ? new DeliveryWatch(runnerDependencies, {
        queueOf: (jobId) => (ownQueues.has(jobId) ? ownQueue(jobId) : SHARED_QUEUE),
        ...(simulatedClock && { elapsed: () => simulatedClock.now().getTime() }),
        async alert(undelivered) {
          const { notifyUndeliveredQueue } = await import("#notifications/notify-undelivered-queue.ts");
          await notifyUndeliveredQueue(app, { ...undelivered, text: undeliveredText(undelivered, clock.now()) });
        },
      })
    : undefined;
  const app: App = {
    config,
    db,
    reach,
    runner,
    enqueuer: runner.enqueuer,
    jobs,
    routes,
    clock,
    clockGuard:
      databaseClock &&
      new ClockGuard(databaseClock, {
        log,
        async alert(fault) {
          const { notifyWrongClock } = await import("#notifications/notify-wrong-clock.ts");
          await notifyWrongClock(app, { holder, fault });
        },
      }),
    refreshClock: async () => databaseClock?.refresh(),
    log,
    broker: brokerProbe(sender),
    delivery,
    realtime: realtime ?? nullRealtime,
    publish: observer.publish,
    callPolicy: callPolicies.ofRequests,
    eventLoop: watchdog,
    stopping: stopping.signal,
    beginStop: () => {
      stopping.abort();
    },
    async close(graceMs = GRACE_MS) {
      stopping.abort();
      inProcess.stop();
      await runner.drain(graceMs);
      await Promise.all([sender?.close(), realtime?.close(), callPolicies.flush()]);
      await Promise.all([db, beatDb].map(({ $client }) => $client.end()));
      watchdog?.stop();
      stopSurviving();
    },
  };
  return app;
}

async function schedulesOf(config: Config, jobs: JobCatalogue): Promise<ScheduleInForce[]> {
  return (await jobs.all()).flatMap((job) => {
    const schedule = effectiveSchedule(job, config.jobs.get(job.id));
    return schedule ? [{ jobId: job.id, schedule }] : [];
  });
}

/** Null where no broker is configured: waiting runs are then dispatched inside the process. */
function serviceBusOf(config: Config, clock: Clock): MessageSender | null {
  const { SERVICE_BUS: connectionString, SERVICE_BUS__fullyQualifiedNamespace: namespace } = config;
  if (!connectionString && !namespace) return null;
  const address = { connectionString, namespace, clientId: config.SERVICE_BUS__clientId };
  return openServiceBus(address, () => clock.now());
}

function defaultSink(config: Config): LogSink {
  // The Functions worker reads the console.
  const write = (line: string) => {
    console.log(line.trimEnd());
  };
  return logFormat(config) === "pretty" ? prettyLines(write) : jsonLines(write);
}

function logFormat({ LOG_FORMAT }: Config): "pretty" | "json" {
  return LOG_FORMAT ?? (process.stdout.isTTY ? "pretty" : "json");
}
