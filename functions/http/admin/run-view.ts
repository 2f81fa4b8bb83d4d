import { z } from "zod";
import { type Run, RUN_STATES, TRIGGERS } from "#data/platform/platform-schema.ts";
import { ERROR_CLASSES } from "#jobs/error-class.ts";
import { redact } from "#redaction/redact.ts";
import { fields, instant } from "./field-schemas.ts";

export const runState = z.enum(RUN_STATES);
export const errorClass = z.enum(ERROR_CLASSES);
export const trigger = z.enum(TRIGGERS);

/** Seconds that a caller waits for the end of a run: below the 230 s after which Azure cuts off a response. */
export const waitSeconds = z.coerce.number().min(0).max(200);

/** One line of a list. */
export const runSummarySchema = z.object({
  id: z.uuid(),
  jobId: z.string(),
  family: z.string(),
  trigger,
  state: runState,
  attempt: z.int().describe("Number of attempts started"),
  maxAttempts: z.int(),
  scheduledFor: instant.nullable().describe("Its slot"),
  notBefore: instant.nullable().describe("A waiting run starts no earlier"),
  queuedAt: instant,
  startedAt: instant.nullable(),
  finishedAt: instant.nullable(),
  durationMs: z.int().nullable(),
  result: fields.nullable().describe("What the job returned: counts and facts"),
  progress: z.object({ done: z.number(), total: z.number().optional(), note: z.string().optional() }).nullable(),
  itemFailureCount: z.int(),
  reason: z.string().nullable().describe("Why it was skipped or cancelled"),
  requestedBy: z.string().nullable(),
  lastError: z.object({ class: errorClass, message: z.string() }).optional(),
});

/** One run with all its details. */
export const runSchema = runSummarySchema.omit({ lastError: true }).extend({
  input: z.unknown(),
  asOf: instant.nullable().describe("The instant that the run stands for, where another run has or may take its slot"),
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
  reasonCode: z.string().nullable().describe("The gate or rule that gave the reason"),
  idempotencyKey: z.string().nullable(),
  correlationId: z.string(),
  parentRunId: z.uuid().nullable().describe("The run that this one repeats, follows or was started by"),
  backfillId: z.uuid().nullable(),
  cancelRequestedAt: instant.nullable(),
});

/** Limits that show every input completely, so that it can be sent again: a request has at most 1 MiB. */
const SHOW_LIMITS = { depth: 32, items: 50_000, text: 1_048_576, values: 200_000, units: 4_194_304 };

/**
 * A run as the admin API shows it: without the internals of the lease, with secrets redacted. Its state comes first,
 * the long stacks last.
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
    // jsonb does not preserve the order of fields.
    errors: errors.map(({ attempt, at, class: kind, name, message, stack }) => ({
      attempt,
      at,
      class: kind,
      name,
      message,
      stack,
    })),
  };
  return redact(view, SHOW_LIMITS) as Record<string, unknown>;
}

/** One line of a list, without stacks and item failures. */
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
