import type { Run } from "../../../shared/data/platform/schema.ts";
import { redact } from "../../../shared/telemetry/redaction.ts";

/**
 * A run as the admin API shows it: everything but the bookkeeping of leases, with secrets masked. What became of it stands
 * first, the long stacks last.
 */
export function runView(run: Run): Record<string, unknown> {
  const { leaseExpiresAt: _expires, archived: _archived, concurrencyKey: _key, errors, ...shown } = run;
  const { id, jobId, family, state, reason, reasonCode, ...more } = shown;
  return redact({
    ...{ id, jobId, family, state, reason, reasonCode, ...more },
    // The database keeps the fields of JSON in an order of its own.
    errors: errors.map(({ attempt, at, class: kind, name, message, stack }) => ({
      ...{ attempt, at, class: kind, name, message, stack },
    })),
  }) as Record<string, unknown>;
}

/** One line of a list: without stacks and item failures. */
export function runSummary(run: Run): Record<string, unknown> {
  const { id, jobId, family, trigger, state, attempt, maxAttempts, scheduledFor, notBefore, queuedAt, startedAt } = run;
  const { finishedAt, durationMs, result, progress, itemFailureCount, reason, requestedBy, errors } = run;
  const lastError = errors.at(-1);
  return redact({
    ...{ id, jobId, family, trigger, state, attempt, maxAttempts, scheduledFor, notBefore, queuedAt, startedAt },
    ...{ finishedAt, durationMs, result, progress, itemFailureCount, reason, requestedBy },
    lastError: lastError && { class: lastError.class, message: lastError.message },
  }) as Record<string, unknown>;
}
