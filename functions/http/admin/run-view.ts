import { z } from "zod";
import { type Run, RUN_STATES, TRIGGERS } from "#data/platform/platform-schema.ts";
import { ERROR_CLASSES } from "#jobs/error-class.ts";
import { redact } from "#redaction/redact.ts";
import { fields, instant } from "./field-schemas.ts";

export const runState = z.enum(RUN_STATES);
export const errorClass = z.enum(ERROR_CLASSES);
export const trigger = z.enum(TRIGGERS);

/** One line of a list. */
export const runSummarySchema = z.object({
  id: z.uuid(),
  jobId: z.string(),
  family: z.string(),
  trigger,
  state: runState,
  attempt: z.int().describe("Counts the times that it was begun"),
  maxAttempts: z.int(),
  scheduledFor: instant.nullable().describe("The slot that it stands for"),
  notBefore: instant.nullable().describe("What waits starts no sooner"),
  queuedAt: instant,
  startedAt: instant.nullable(),
  finishedAt: instant.nullable(),
  durationMs: z.int().nullable(),
  result: fields.nullable().describe("What the job counted and said"),
  progress: z.object({ done: z.number(), total: z.number().optional(), note: z.string().optional() }).nullable(),
  itemFailureCount: z.int(),
  reason: z.string().nullable().describe("Why it was skipped or cancelled, in a sentence"),
  requestedBy: z.string().nullable(),
  lastError: z.object({ class: errorClass, message: z.string() }).optional(),
});

/** A run, whole. */
export const runSchema = runSummarySchema.omit({ lastError: true }).extend({
  input: z.unknown(),
  asOf: instant.nullable().describe("The moment that it stands for when that is a slot of another run"),
  heartbeatAt: instant.nullable(),
  leaseHolder: z.string().nullable(),
  itemFailures: z
    .array(z.object({ key: z.string(), class: z.string(), reason: z.string() }))
    .nullable()
    .describe("The first 100"),
  errors: z.array(
    z.object({
      attempt: z.int(),
      at: instant,
      class: errorClass,
      name: z.string(),
      message: z.string(),
      stack: z.string(),
    }),
  ),
  reasonCode: z.string().nullable().describe("The gate or rule behind the reason"),
  idempotencyKey: z.string().nullable(),
  correlationId: z.string(),
  parentRunId: z.uuid().nullable().describe("The run that this one repeats, follows or was started by"),
  backfillId: z.uuid().nullable(),
  cancelRequestedAt: instant.nullable(),
});

/** As much as an input may have, so that it is shown whole and can be sent again; a request is 1 MiB at most. */
const WHOLE = { depth: 32, items: 50_000, text: 1_048_576, values: 200_000, units: 4_194_304 };

/**
 * A run as the admin API shows it: everything but the bookkeeping of leases, with secrets masked. What became of it stands
 * first, the long stacks last.
 */
export function runView(run: Run): Record<string, unknown> {
  const { leaseExpiresAt: _expires, archived: _archived, concurrencyKey: _key, errors, ...shown } = run;
  const { id, jobId, family, state, reason, reasonCode, ...more } = shown;
  const view = {
    id,
    jobId,
    family,
    state,
    reason,
    reasonCode,
    ...more,
    // The database keeps the fields of JSON in an order of its own.
    errors: errors.map(({ attempt, at, class: kind, name, message, stack }) => ({
      attempt,
      at,
      class: kind,
      name,
      message,
      stack,
    })),
  };
  return redact(view, WHOLE) as Record<string, unknown>;
}

/** One line of a list: without stacks and item failures. */
export function runSummary(run: Run): Record<string, unknown> {
  const { id, jobId, family, trigger, state, attempt, maxAttempts, scheduledFor, notBefore, queuedAt, startedAt } = run;
  const { finishedAt, durationMs, result, progress, itemFailureCount, reason, requestedBy, errors } = run;
  const lastError = errors.at(-1);
  return redact({
    id,
    jobId,
    family,
    trigger,
    state,
    attempt,
    maxAttempts,
    scheduledFor,
    notBefore,
    queuedAt,
    startedAt,
    finishedAt,
    durationMs,
    result,
    progress,
    itemFailureCount,
    reason,
    requestedBy,
    lastError: lastError && { class: lastError.class, message: lastError.message },
  }) as Record<string, unknown>;
}
