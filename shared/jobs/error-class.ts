import type { AttemptError } from "#data/platform/platform-schema.ts";
import { causes, describeThrown, hasProperty, isError, readProperty } from "#redaction/error-causes.ts";
import { withoutParameters } from "#redaction/failed-query.ts";
import { jsonbSafeText } from "#redaction/jsonb-safe.ts";
import { redactedText } from "#redaction/redacted-text.ts";
import { isOutage, sqlStateClass } from "./sql-state.ts";

/** The kind of an error. Only the class decides whether a run is retried. */
export const ERROR_CLASSES = ["transient", "rate_limited", "auth", "validation", "unknown"] as const;
export type ErrorClass = (typeof ERROR_CLASSES)[number];

const CLASSES: ReadonlySet<string> = new Set(ERROR_CLASSES);

export function isRetryable(errorClass: ErrorClass): boolean {
  return errorClass === "transient" || errorClass === "rate_limited" || errorClass === "unknown";
}

/**
 * Classifies anything that can be thrown. An error's own `errorClass` wins; then a PostgreSQL SQLSTATE, a system error
 * code, an HTTP status; then its cause; else `unknown`, which is retried. Never throws.
 */
export function classify(error: unknown): ErrorClass {
  for (const e of causes(error)) {
    const found = ownClass(e);
    if (found) return found;
  }
  return "unknown";
}

/** Whether the database itself failed, as opposed to the work: worth one immediate retry inside the attempt. */
export function isDatabaseError(error: unknown): boolean {
  return (
    isDatabaseUnavailable(error) || causes(error).some((e) => sqlStateClass(readProperty(e, "code")) === "transient")
  );
}

/**
 * Whether the database is unavailable, so that all other work fails as well. A deadlock fails one transaction alone.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  return causes(error).some((e) => {
    const code = readProperty(e, "code");
    if (typeof code !== "string") return false;
    // The driver adds its query to system errors: that tells the database's refused connections from others.
    const isDriver = hasProperty(e, "query") && hasProperty(e, "parameters");
    return POSTGRES_JS_CONNECTION.has(code) || (isDriver && SYSTEM_CONNECTION.has(code)) || isOutage(code);
  });
}

/** Whether a unique index refused a row. */
export function isUniqueViolation(error: unknown): boolean {
  return causes(error).some((e) => readProperty(e, "code") === "23505");
}

/** Milliseconds to wait, where the error has them (a provider's `Retry-After`). */
export function retryAfter(error: unknown): number | undefined {
  for (const e of causes(error)) {
    const ms = readProperty(e, "retryAfterMs");
    if (typeof ms === "number" && Number.isFinite(ms) && ms >= 0) return ms;
  }
  return undefined;
}

/**
 * Anything thrown as a readable Error: a job may throw a string or a plain object. A failed query becomes the
 * database's own error, because the wrapper's message repeats the whole statement with its values.
 */
export function asError(thrown: unknown): Error {
  if (!isError(thrown)) {
    return new Error(`a value that is not an Error was thrown: ${describeThrown(thrown)}`, { cause: thrown });
  }
  const [message, cause] = [readProperty(thrown, "message"), readProperty(thrown, "cause")];
  if (typeof message !== "string" || typeof readProperty(thrown, "name") !== "string") {
    return new Error(`an Error without a readable name and message was thrown: ${describeThrown(message)}`, {
      cause: thrown,
    });
  }
  return message.startsWith("Failed query:") && isError(cause) ? cause : thrown;
}

/** A failed attempt as the ledger stores it: secrets redacted, texts truncated, without the values of queries. */
export function attemptError(error: Error, attempt: number, now: Date): AttemptError & { readonly class: ErrorClass } {
  return {
    attempt,
    at: now.toISOString(),
    class: classify(error),
    name: jsonbSafeText(readProperty(error, "name"), 256),
    message: redactedText(withoutParameters(messageAndStackOf(error)).message, 4_096),
    stack: stackOf(error),
  };
}

/** The error with its stack and the stacks of its causes, at most 32 KiB, without the values of queries. */
export function stackOf(error: Error): string {
  const stacks = causes(error)
    .filter(isError)
    .map((e) => withoutParameters(messageAndStackOf(e)).stack);
  return redactedText(stacks.join("\nCaused by: "), 32_768);
}

function messageAndStackOf(error: Error): { message: string; stack: string } {
  const [message, stack] = [jsonbSafeText(readProperty(error, "message"), Infinity), readProperty(error, "stack")];
  if (typeof stack === "string" && stack) return { message, stack };
  return { message, stack: `${jsonbSafeText(readProperty(error, "name"), 256)}: ${message}` };
}

function ownClass(e: object): ErrorClass | undefined {
  const [own, name, code] = [readProperty(e, "errorClass"), readProperty(e, "name"), readProperty(e, "code")];
  if (typeof own === "string" && CLASSES.has(own)) return own as ErrorClass;
  if (name === "ZodError") return "validation";
  const byCode = sqlStateClass(code) ?? (isConnectionCode(code) ? "transient" : undefined);
  if (byCode) return byCode;
  const byStatus = statusClass(readProperty(e, "status") ?? readProperty(e, "statusCode") ?? statusOfResponse(e));
  if (byStatus) return byStatus;
  // The errors of an AbortSignal, and errors that Azure's libraries mark as retryable.
  return name === "AbortError" || name === "TimeoutError" || readProperty(e, "retryable") === true
    ? "transient"
    : undefined;
}

function statusOfResponse(e: object): unknown {
  const response = readProperty(e, "response");
  return typeof response === "object" && response !== null ? readProperty(response, "status") : undefined;
}

function statusClass(status: unknown): ErrorClass | undefined {
  if (typeof status !== "number") return undefined;
  if (status === 429) return "rate_limited";
  if (status === 401 || status === 403) return "auth";
  if (status === 408 || status === 425 || status >= 500) return "transient";
  return status >= 400 ? "validation" : undefined;
}

const POSTGRES_JS_CONNECTION: ReadonlySet<string> = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECTION_ENDED",
  "CONNECT_TIMEOUT",
]);

const SYSTEM_CONNECTION: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "ABORT_ERR",
]);

function isConnectionCode(code: unknown): boolean {
  if (typeof code !== "string") return false;
  return POSTGRES_JS_CONNECTION.has(code) || SYSTEM_CONNECTION.has(code) || code.startsWith("UND_ERR_");
}
