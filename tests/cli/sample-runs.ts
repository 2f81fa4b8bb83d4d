import type { JobView, RunSummary, RunView } from "#cli/admin-views.ts";

export const RUN_ID = "01993c1e-7d2a-7c31-9f0e-3b1c5a7e9d42";

/** A run that succeeded three minutes ago, with the test's changes. */
export function runView(given: Partial<RunView> = {}): RunView {
  return {
    ...summary(),
    input: {},
    itemFailures: null,
    errors: [],
    reasonCode: null,
    heartbeatAt: null,
    leaseHolder: null,
    correlationId: RUN_ID,
    parentRunId: null,
    idempotencyKey: null,
    cancelRequestedAt: null,
    ...given,
  };
}

export function runSummary(given: Partial<RunSummary> = {}): RunSummary {
  return { ...summary(), ...given };
}

/** A running run. */
export function runningRun(given: Partial<RunView> = {}): RunView {
  return runView({ state: "running", finishedAt: null, durationMs: null, result: null, ...given });
}

export function jobView(given: Partial<JobView> = {}): JobView {
  return {
    id: "sync_fx_latest",
    family: "portfolio",
    summary: "Fetch today's exchange rates",
    enabled: true,
    schedule: { expression: "0 30 16 * * *", timeZone: "Europe/Berlin", inWords: "every day at 16:30 Europe/Berlin" },
    next: [],
    lastRun: null,
    ...given,
  };
}

export function secondsAgo(seconds: number): string {
  return new Date(Date.now() - seconds * 1_000).toISOString();
}

function summary(): RunSummary {
  return {
    id: RUN_ID,
    jobId: "sync_fx_latest",
    family: "portfolio",
    trigger: "manual",
    state: "succeeded",
    attempt: 1,
    maxAttempts: 4,
    scheduledFor: null,
    notBefore: null,
    queuedAt: secondsAgo(191),
    startedAt: secondsAgo(190),
    finishedAt: secondsAgo(189),
    durationMs: 412,
    result: { inserted: 30, unchanged: 2 },
    progress: null,
    itemFailureCount: 0,
    reason: null,
    requestedBy: "function key",
  };
}
