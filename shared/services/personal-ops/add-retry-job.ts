import type { Tx } from "#data/client.ts";
import { insertRetryJob, type NewRetryJob } from "#data/personal-ops/retry-jobs.ts";
import { checkedPayload, type RetryKind, type RetryPayload } from "./retry-handlers.ts";

/** A piece of work that `process_retry_queue` does until it succeeds. */
export interface RetryRequest<Kind extends RetryKind> extends Omit<NewRetryJob, "kind" | "payload"> {
  readonly kind: Kind;
  readonly payload: RetryPayload<Kind>;
}

/**
 * Adds a retry job in the caller's transaction.
 *
 * @example
 * await addRetryJob(tx, { kind: "run_job", payload: { job: "sync_notion" }, dedupeKey: "sync_notion" }, clock.now());
 * @returns its id; null when an open one of the kind has its dedupe key
 * @throws InvalidInput when the payload does not match the kind
 */
export function addRetryJob<Kind extends RetryKind>(
  tx: Tx,
  request: RetryRequest<Kind>,
  now: Date,
): Promise<number | null> {
  return insertRetryJob(tx, { ...request, payload: checkedPayload(request.kind, request.payload) }, now);
}
