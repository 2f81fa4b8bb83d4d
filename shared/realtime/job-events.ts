import { z } from "zod";
import type { Progress } from "#data/platform/platform-schema.ts";
import type { ObservedRun, RunStateChange } from "#jobs/run-observer.ts";
import { redactText } from "#redaction/redact.ts";
import { type LiveEvent, liveEvent, liveEventSchema } from "./live-event.ts";

/** The channel of the job layer's own events. */
export const JOBS_CHANNEL = "jobs";

const runFacts = z.object({
  runId: z.uuid(),
  jobId: z.string(),
  family: z.string(),
  attempt: z.int().min(0),
});

/** A run changed its state. Its input and result stay in the ledger. */
export const runStateChangedSchema = liveEventSchema.extend({
  type: z.literal("run.state_changed"),
  channel: z.literal(JOBS_CHANNEL),
  data: runFacts.extend({
    state: z.enum(["queued", "running", "succeeded", "retrying", "dead", "skipped", "cancelled"]),
    trigger: z.enum(["schedule", "manual", "event", "retry", "replay", "chain"]),
    maxAttempts: z.int().min(1),
    itemFailures: z.int().min(0),
    scheduledFor: z.iso.datetime().nullable(),
    queuedAt: z.iso.datetime(),
    startedAt: z.iso.datetime().nullable(),
    finishedAt: z.iso.datetime().nullable(),
    /** When a waiting run starts at the earliest. */
    notBefore: z.iso.datetime().nullable(),
    durationMs: z.int().min(0).nullable(),
    /** Why the run was skipped, cancelled or requeued, in a sentence. */
    reason: z.string().nullable(),
  }),
});

/** A running run reported progress. */
export const runProgressedSchema = liveEventSchema.extend({
  type: z.literal("run.progressed"),
  channel: z.literal(JOBS_CHANNEL),
  data: runFacts.extend({
    done: z.number(),
    total: z.number().optional(),
    note: z.string().optional(),
  }),
});

export type RunStateChanged = LiveEvent<z.infer<typeof runStateChangedSchema>["data"]>;
export type RunProgressed = LiveEvent<z.infer<typeof runProgressedSchema>["data"]>;

/** The event of a run whose state changed. @param run its row after the change */
export function runStateChanged(run: RunStateChange, now: Date): RunStateChanged {
  return liveEvent(
    {
      type: "run.state_changed",
      channel: JOBS_CHANNEL,
      data: {
        ...identityOf(run),
        state: run.state,
        trigger: run.trigger,
        maxAttempts: run.maxAttempts,
        itemFailures: run.itemFailureCount,
        scheduledFor: instant(run.scheduledFor),
        queuedAt: run.queuedAt.toISOString(),
        startedAt: instant(run.startedAt),
        finishedAt: instant(run.finishedAt),
        notBefore: instant(run.notBefore),
        durationMs: run.durationMs,
        reason: run.reason === null ? null : redactText(run.reason),
      },
    },
    now,
  );
}

/** The event of a run that reported progress. */
export function runProgressed(run: ObservedRun, { done, total, note }: Progress, now: Date): RunProgressed {
  return liveEvent(
    {
      type: "run.progressed",
      channel: JOBS_CHANNEL,
      data: {
        ...identityOf(run),
        done,
        ...(total !== undefined && { total }),
        ...(note !== undefined && { note: redactText(note) }),
      },
    },
    now,
  );
}

/** The run that an event of the job layer is about; undefined for other events. */
export function runReferenceOf(event: LiveEvent): { readonly runId: string; readonly isProgress: boolean } | undefined {
  const isProgress = event.type === "run.progressed";
  if (!isProgress && event.type !== "run.state_changed") return undefined;
  const runId = (event.data as { runId?: unknown } | null)?.runId;
  return typeof runId === "string" ? { runId, isProgress } : undefined;
}

function identityOf({ id, jobId, family, attempt }: ObservedRun) {
  return { runId: id, jobId, family, attempt };
}

function instant(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}
