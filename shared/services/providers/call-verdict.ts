import type { CallOutcome } from "#jobs/call-policy.ts";
import { classify } from "#jobs/error-class.ts";

/**
 * What the end of a call says about the provider. `failed`: it is down; `limited`: it asks to wait; `answered`: it is
 * up, whatever it answered; `unknown`: it was not reached, or the caller stopped.
 */
export type CallVerdict = "answered" | "failed" | "limited" | "unknown";

/** Judges the end of a call. An error knows more than its status: a response of 429 may mean an unpaid bill. Pure. */
export function verdictOn({ status, error }: Pick<CallOutcome, "status" | "error">): CallVerdict {
  const errorClass = error ? classify(error) : status === undefined ? undefined : classify({ status });
  if (errorClass === "rate_limited") return "limited";
  // A mail server that delays one message with 450 is up.
  if (status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 425) return "answered";
  if (errorClass === "transient") return "failed";
  return status === undefined ? "unknown" : "answered";
}
