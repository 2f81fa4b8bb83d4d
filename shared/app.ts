import { hostname } from "node:os";
import { connect, type Db } from "#data/client.ts";
import { databaseOptions } from "#data/database-options.ts";
import type { Route } from "#http/route.ts";
import type { JobCatalogue } from "#jobs/catalogue.ts";
import type { JobLog } from "#jobs/job-log.ts";
import type { Watch } from "#jobs/run-observer.ts";
import { type BrokerProbe, brokerProbe } from "#messaging/broker-probe.ts";
import { dispatchByServiceBus } from "#messaging/dispatch.ts";
import { type MessageSender, openServiceBus } from "#messaging/service-bus.ts";
import { configuredRealtime } from "#realtime/configured.ts";
import { nullRealtime, type Realtime } from "#realtime/realtime.ts";
import { watchOf } from "#realtime/watch.ts";
import type { RunnerDependencies } from "#runner/dependencies.ts";
import { dispatchInProcess } from "#runner/in-process-dispatch.ts";
import { Runner } from "#runner/runner.ts";
import { surviveStrayRejections } from "#runner/unhandled-rejections.ts";
import { type Clock, systemClock } from "#schedule/clock.ts";
import type { Config } from "#settings/config.ts";
import { jsonLines, Log, type LogSink } from "#telemetry/log.ts";
import { correlationIdOf, operations } from "#telemetry/operation.ts";
import { prettyLines } from "#telemetry/pretty.ts";
import { toldLines, toldMoves } from "#telemetry/told.ts";

/** What handlers and bindings work with: one per process. */
export interface App {
  readonly config: Config;
  readonly db: Db;
  readonly runner: Runner;
  readonly jobs: JobCatalogue;
  /** Every route, each loaded when it is first needed. */
  readonly routes: () => Promise<readonly Route[]>;
  readonly clock: Clock;
  readonly log: JobLog;
  /** Whether waiting runs can be sent. */
  readonly broker: BrokerProbe;
  /** Live events to those who watch; they go nowhere where no service is configured. */
  readonly realtime: Realtime;
  /** Tells those who watch, once the transaction has committed; the same as in a job. */
  readonly publish: Watch["publish"];
  /** Lets running jobs end (at most `graceMs` before their signal), then closes the database. */
  close(graceMs?: number): Promise<void>;
}

/** Running jobs get this long after SIGTERM before their signal. */
const GRACE_MS = 25_000;

/** Puts the app together. Nothing connects until it is used. */
export function openApp(
  config: Config,
  jobs: JobCatalogue,
  {
    clock = systemClock,
    sink = defaultSink(config),
    dispatch,
    ownQueues = new Set(),
    routes = async () => [],
  }: {
    clock?: Clock;
    sink?: LogSink;
    dispatch?: RunnerDependencies["dispatch"];
    /** Ids of the jobs that have a queue of their own. */
    ownQueues?: ReadonlySet<string>;
    /** For the description of the API. */
    routes?: App["routes"];
  } = {},
): App {
  const holder = config.ROTA_INSTANCE ?? `${hostname()}:${process.pid}:${Date.now().toString(36)}`;
  const log = new Log(toldLines(sink), { level: config.LOG_LEVEL });
  const options = {
    ...databaseOptions(config, `rota ${holder}`),
    // A process that hangs, or a machine that is gone, must not keep its locks longer than its runs: whoever takes those over
    // would wait for them.
    ...(config.DATABASE_PREPARE && { silentTransactionMs: config.JOB_LEASE }),
  };
  const db = connect(options);
  // A beat that waits behind the long statement of a job would lose the very lease that it is to renew. Short runs never beat,
  // and a connection that is not used is not made.
  const beatDb = connect({ ...options, poolMax: 1 });
  const endSurvival = surviveStrayRejections(log);
  const local = dispatchInProcess({ clock, log, execute: (id) => runner.execute(id) });
  const sender = serviceBusOf(config, clock);
  const carry = sender ? dispatchByServiceBus(sender, (jobId) => ownQueues.has(jobId)) : local.dispatch;
  const realtime = configuredRealtime(config, log);
  const watch = toldMoves(watchOf(realtime, clock));
  const runner: Runner = new Runner({
    db,
    beatDb,
    clock,
    log,
    holder,
    leaseMs: config.JOB_LEASE,
    heartbeatMs: config.JOB_HEARTBEAT,
    settings: config,
    gates: () => ({ internetAllowed: config.ALLOW_INTERNET_SYNC }),
    findJob: (id) => jobs.find(id),
    settingsOf: (job) => ({
      enabled: config.jobs.get(job.id)?.enabled ?? job.enabledByDefault,
      maxRetries: config.jobs.get(job.id)?.maxRetries ?? job.retry.retries,
    }),
    dispatch: dispatch ?? carry,
    watch,
    correlationId() {
      const operation = operations.getStore();
      return operation && correlationIdOf(operation);
    },
    alert: async (tx, dead) => {
      // With the first of them: most processes never see one.
      const { tellOfDeadRuns } = await import("#notifications/dead-runs.ts");
      await tellOfDeadRuns(app, tx, dead);
    },
  });
  const app: App = {
    config,
    db,
    runner,
    jobs,
    routes,
    clock,
    log,
    broker: brokerProbe(sender),
    realtime: realtime ?? nullRealtime,
    publish: watch.publish,
    async close(graceMs = GRACE_MS) {
      local.stop();
      await runner.drain(graceMs);
      await Promise.all([sender?.close(), realtime?.close()]);
      await Promise.all([db, beatDb].map(({ $client }) => $client.end({ timeout: 5 })));
      endSurvival();
    },
  };
  return app;
}

/** Null where no broker is configured: waiting runs are then carried inside the process. */
function serviceBusOf(config: Config, clock: Clock): MessageSender | null {
  const { SERVICE_BUS: connectionString, SERVICE_BUS__fullyQualifiedNamespace: namespace } = config;
  if (!connectionString && !namespace) return null;
  const address = { connectionString, namespace, clientId: config.SERVICE_BUS__clientId };
  return openServiceBus(address, () => clock.now());
}

function defaultSink(config: Config): LogSink {
  // Through the console, which is what the Functions worker listens to.
  const write = (line: string) => {
    console.log(line.trimEnd());
  };
  const format = config.LOG_FORMAT ?? (process.stdout.isTTY ? "pretty" : "json");
  return format === "pretty" ? prettyLines(write) : jsonLines(write);
}
