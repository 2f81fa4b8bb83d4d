import type { Progress } from "#data/platform/platform-schema.ts";
import { runProgressed, runStateChanged } from "#realtime/job-events.ts";
import { type LiveEvent, liveEvent } from "#realtime/live-event.ts";

export const NOW = new Date("2026-03-10T12:00:00Z");

type MovedRun = Parameters<typeof runStateChanged>[0];

/** A run as the ledger has it. @param number makes its id */
export function runRow(number = 1, change: Partial<MovedRun> = {}): MovedRun {
  return {
    id: `0195a000-0000-7000-8000-${String(number).padStart(12, "0")}`,
    jobId: "sync_fx_latest",
    family: "portfolio",
    attempt: 1,
    state: "running",
    trigger: "manual",
    maxAttempts: 4,
    itemFailureCount: 0,
    durationMs: null,
    reason: null,
    scheduledFor: null,
    queuedAt: NOW,
    startedAt: NOW,
    finishedAt: null,
    notBefore: null,
    progress: null,
    ...change,
  };
}

export function progress(done: number, run = 1, more: Partial<Progress> = {}): LiveEvent {
  return runProgressed(runRow(run), { done, ...more }, NOW);
}

export function stateChange(state: MovedRun["state"], run = 1): LiveEvent {
  return runStateChanged(runRow(run, { state }), NOW);
}

export function note(text: string, channel = "system_notifications"): LiveEvent<{ text: string }> {
  return liveEvent({ type: "note.written", channel, data: { text } }, NOW);
}
