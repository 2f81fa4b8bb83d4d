import { type FailedItem, type JobContext } from "#jobs";
import { Cancel, CancelRequested, GateClosed, Interrupted, LeaseLost, Snooze } from "#jobs/endings.ts";
import { asError, classify, isDatabaseUnavailable, isRetryable } from "#jobs/error-class.ts";
import { ProviderError } from "#providers/provider-error.ts";
import { isInstance } from "#redaction/error-causes.ts";
import { redactedText } from "#redaction/redacted-text.ts";
import { failuresAlike } from "#rules/knowledge/failures-alike.ts";
import { knowledgeEvent } from "#rules/knowledge/knowledge-events.ts";

type Context = Pick<JobContext<unknown>, "db" | "publish" | "run" | "signal">;

/** Items that an event names. */
const NAMED = 20;
const MESSAGE_LENGTH = 1_024;

/** Publishes `job.error` when the work fails for the last time: critical when the database or a service is gone. */
export async function announcingErrors<T>(context: Context, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const error: unknown = context.signal.aborted ? context.signal.reason : thrown;
    if (isFailure(error) && isLastAttempt(context, error)) {
      const isOutage = isDatabaseUnavailable(error) || isInstance(error, ProviderError);
      const severity = isOutage ? "critical" : "error";
      publish(context, { error: asError(error), severity, about: { attempt: context.run.attempt } });
    }
    throw thrown;
  }
}

/** Publishes `job.error` for failed items: one critical event for many that fail alike. */
export function announceFailedItems(context: Context, failed: readonly FailedItem[]): void {
  for (const { items, isSystemic } of failuresAlike(failed)) {
    if (isSystemic) {
      const named = items.slice(0, NAMED).map(({ key }) => key);
      const about = { failed: items.length, items: named };
      publish(context, { error: items[0]!.error, severity: "critical", about });
    } else {
      for (const { key, error } of items) publish(context, { error, severity: "error", about: { items: [key] } });
    }
  }
}

function publish(
  { db, publish: send, run }: Context,
  { error, severity, about }: { error: Error; severity: "error" | "critical"; about: Record<string, unknown> },
): void {
  const message = redactedText(error.message, MESSAGE_LENGTH);
  send(db, [
    knowledgeEvent("job.error", { jobName: run.jobId, message, context: { runId: run.id, ...about }, severity }),
  ]);
}

/** How a run ends that is stopped, delayed or taken over. */
const NO_FAILURES = [Cancel, CancelRequested, GateClosed, Interrupted, LeaseLost, Snooze];

function isFailure(error: unknown): boolean {
  return !NO_FAILURES.some((ending) => isInstance(error, ending));
}

function isLastAttempt({ run }: Context, error: unknown): boolean {
  return run.attempt >= run.maxAttempts || !isRetryable(classify(error));
}
