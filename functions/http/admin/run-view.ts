import type { Run } from "../../../shared/data/platform/schema.ts";
import { redact } from "../../../shared/telemetry/redaction.ts";

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
    ...{ id, jobId, family, state, reason, reasonCode, ...more },
    // The database keeps the fields of JSON in an order of its own.
    errors: errors.map(({ attempt, at, class: kind, name, message, stack }) => ({
      ...{ attempt, at, class: kind, name, message, stack },
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
    ...{ id, jobId, family, trigger, state, attempt, maxAttempts, scheduledFor, notBefore, queuedAt, startedAt },
    ...{ finishedAt, durationMs, result, progress, itemFailureCount, reason, requestedBy },
    lastError: lastError && { class: lastError.class, message: lastError.message },
  }) as Record<string, unknown>;
}
