import type { Db } from "#data/client.ts";
import type { DatabaseReach } from "#data/connection/database-reach.ts";
import type { CallPolicy } from "#jobs/call-policy.ts";
import type { JobCatalogue } from "#jobs/catalogue.ts";
import type { JobLog } from "#jobs/job-log.ts";
import type { RunObserver } from "#jobs/run-observer.ts";
import type { BrokerProbe } from "#messaging/broker-probe.ts";
import type { Realtime } from "#realtime/realtime.ts";
import type { ClockGuard } from "#runner/clock-guard.ts";
import type { DeliveryWatch } from "#runner/delivery-watch.ts";
import type { Enqueuer } from "#runner/enqueue.ts";
import type { Runner } from "#runner/runner.ts";
import type { Clock } from "#schedule/clock.ts";
import type { Config } from "#settings/config.ts";
import type { EventLoopWatchdog } from "#telemetry/event-loop/event-loop-watchdog.ts";
import type { Route } from "./route.ts";

/** What routes and triggers work with: one per process. `openApp` makes it. */
export interface App {
  readonly config: Config;
  readonly db: Db;
  /** Since when the database is unreachable, and why. */
  readonly reach: Pick<DatabaseReach, "unreachableSince" | "cause">;
  readonly runner: Runner;
  /** Puts runs into the ledger. */
  readonly enqueuer: Enqueuer;
  readonly jobs: JobCatalogue;
  /** Every route; the code of each is loaded with its first use. */
  readonly routes: () => Promise<readonly Route[]>;
  /** The database's clock, which all processes share. */
  readonly clock: Clock;
  /** Keeps this process from starting slots while its own clock is wrong. Undefined with a simulated clock. */
  readonly clockGuard?: ClockGuard | undefined;
  /** Measures the database's clock if needed: see `DatabaseClock.refresh`. */
  readonly refreshClock: () => Promise<void>;
  readonly log: JobLog;
  /** Whether waiting runs can be dispatched. */
  readonly broker: BrokerProbe;
  /** Whether messages arrive. Undefined without a broker. */
  readonly delivery?: DeliveryWatch | undefined;
  /** Live events for browsers; without a configured service they are dropped. */
  readonly realtime: Realtime;
  /** Publishes a live event after the transaction has committed, as in a job. */
  readonly publish: RunObserver["publish"];
  /** The policy of calls to providers that no run makes. Default: every call starts at once. */
  readonly callPolicy?: CallPolicy;
  /** Names the work of turns of the event loop that take too long. Undefined where nothing watches. */
  readonly eventLoop?: EventLoopWatchdog | undefined;
  /** Aborts when the process begins to stop: requests that wait for a run are answered then. */
  readonly stopping: AbortSignal;
  /** Aborts `stopping`. Jobs and other requests continue until `close`. */
  beginStop(): void;
  /** Begins to stop, lets running jobs end (at most `graceMs` before their signal), then closes the database. */
  close(graceMs?: number): Promise<void>;
}
