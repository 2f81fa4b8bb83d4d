/** What the health monitor has measured. */
export interface HealthFacts {
  /** Milliseconds of one statement. */
  readonly databaseMs: number;
  /** Providers whose breaker is open, with the reason. */
  readonly openProviders: readonly { readonly provider: string; readonly reason: string }[];
  readonly freeDiskMb: number;
  /** Due runs and retry jobs of the family that wait. */
  readonly queueDepth: number;
  /** The due run of any family that waits longest without a reason; null without one. */
  readonly oldestWait: { readonly jobId: string; readonly waitsMs: number } | null;
  /** Runs of the family that took, or take, longer than the limit: the longest of each job. */
  readonly slowRuns: readonly { readonly jobId: string; readonly durationMs: number }[];
  /** The attempts of the last hour, without those that a gate stopped. */
  readonly attempts: { readonly total: number; readonly failed: number };
  /** Dead letters of the last hour that are open. */
  readonly newDeadLetters: number;
}

export interface HealthLimits {
  readonly freeDiskMb: number;
  readonly queueDepth: number;
  readonly waitMs: number;
  readonly failureRate: number;
}

/** Something that is not as it should be. */
export interface HealthFinding {
  /** `health_alert`: a part does not work. The others: a threshold of the monitoring is exceeded. */
  readonly type: "health_alert" | "slow_run" | "failure_rate" | "queue_depth" | "dead_letters";
  readonly key: string;
  readonly title: string;
}

/** A statement that takes longer shows a database in trouble. */
const SLOWEST_DATABASE_MS = 5_000;
/** The fewest attempts of an hour that have a rate. */
const FEWEST_ATTEMPTS = 10;

/** What the facts say is wrong. Pure. */
export function healthFindings(facts: HealthFacts, limits: HealthLimits): HealthFinding[] {
  const { databaseMs, freeDiskMb, queueDepth, oldestWait, attempts, newDeadLetters } = facts;
  const found: HealthFinding[] = [];
  const add = (type: HealthFinding["type"], key: string, title: string) => found.push({ type, key, title });
  if (databaseMs > SLOWEST_DATABASE_MS) {
    add("health_alert", "database", `The database answers after ${seconds(databaseMs)}`);
  }
  for (const { provider, reason } of facts.openProviders) {
    add("health_alert", `provider ${provider}`, `Calls to ${provider} are stopped: ${reason}`);
  }
  if (freeDiskMb < limits.freeDiskMb) {
    add("health_alert", "disk", `${Math.floor(freeDiskMb)} MB of disk are free, less than ${limits.freeDiskMb}`);
  }
  if (oldestWait && oldestWait.waitsMs > limits.waitMs) {
    add("health_alert", "waiting run", `A due run of ${oldestWait.jobId} waits for ${seconds(oldestWait.waitsMs)}`);
  }
  for (const { jobId, durationMs } of facts.slowRuns) {
    add("slow_run", jobId, `A run of ${jobId} took ${seconds(durationMs)}`);
  }
  if (attempts.total >= FEWEST_ATTEMPTS && attempts.failed > limits.failureRate * attempts.total) {
    add("failure_rate", "personal-ops", `${attempts.failed} of ${attempts.total} attempts failed in an hour`);
  }
  if (queueDepth > limits.queueDepth) {
    add("queue_depth", "personal-ops", `${queueDepth} due runs and retry jobs wait, more than ${limits.queueDepth}`);
  }
  if (newDeadLetters > 0) {
    add("dead_letters", "personal-ops", `${newDeadLetters} new dead letters in an hour`);
  }
  return found;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}
