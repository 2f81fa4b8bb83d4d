import { listFailingActions } from "#data/personal-ops/action-facts.ts";
import {
  type DatabaseCounters,
  lastResult,
  listCallVolumes,
  listUsedBuckets,
  readDatabaseCounters,
} from "#data/personal-ops/watched-figures.ts";
import type { JobContext } from "#jobs/context.ts";
import {
  judgeBucket,
  judgeFailures,
  judgeResponse,
  judgeVolume,
  meanResponseMs,
  type WatchFinding,
  type WatchThresholds,
} from "#rules/personal-ops/watch-thresholds.ts";
import type { Config } from "#settings/config.ts";

/** What a watcher has seen. */
export interface Watched {
  readonly findings: readonly WatchFinding[];
  /** For the result of the run. */
  readonly figures?: Readonly<Record<string, unknown>>;
}

/** Looks at one thing. It only reads. */
export type Watcher = (context: JobContext<unknown>) => Promise<Watched>;

const HALF_HOUR_MS = 30 * 60_000;

const failures: Watcher = async ({ db, clock, settings }) => {
  const thresholds = thresholdsOf(settings);
  const since = new Date(clock.now().getTime() - HALF_HOUR_MS);
  const failing = await listFailingActions(db, { since, least: thresholds.failures });
  return { findings: failing.flatMap((action) => judgeFailures(action, thresholds)) };
};

const rateLimits: Watcher = async ({ db, clock, settings }) => {
  const thresholds = thresholdsOf(settings);
  const used = await listUsedBuckets(db, Math.min(thresholds.bucketInfo, thresholds.bucketWarn), clock.now());
  return { findings: used.flatMap((bucket) => judgeBucket(bucket, thresholds)) };
};

const callVolumes: Watcher = async ({ db, clock, settings }) => {
  const volumes = await listCallVolumes(db, clock.now());
  return { findings: volumes.flatMap((volume) => judgeVolume(volume, thresholdsOf(settings))) };
};

/** The database counts for all processes; each run leaves the counters in its result for the next one. */
const databaseResponse: Watcher = async ({ db, clock, run, settings }) => {
  const counters = await readDatabaseCounters(db);
  const last = await lastResult(db, run.jobId);
  const before = last?.result?.database as DatabaseCounters | undefined;
  const meanMs = meanResponseMs(before && last && { at: last.endedAt, ...before }, { at: clock.now(), ...counters });
  return { findings: judgeResponse(meanMs, thresholdsOf(settings)), figures: { database: { ...counters, meanMs } } };
};

/** The watchers of `run_watchers`, by name. */
export const watchers: Readonly<Record<string, Watcher>> = { failures, rateLimits, callVolumes, databaseResponse };

function thresholdsOf(settings: Config): WatchThresholds {
  return {
    failures: settings.WATCH_FAILURES,
    bucketInfo: settings.WATCH_LIMIT_INFO,
    bucketWarn: settings.WATCH_LIMIT_WARN,
    volumeFactor: settings.WATCH_VOLUME_FACTOR,
    volumeLeast: settings.WATCH_VOLUME_LEAST,
    databaseMs: settings.WATCH_DATABASE_MS,
  };
}
