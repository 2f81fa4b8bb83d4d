/** What kind of trouble an error is; the class alone decides whether a run is tried again. */
export type ErrorClass = "transient" | "rate_limited" | "auth" | "validation" | "unknown";

const CLASSES: ReadonlySet<string> = new Set(["transient", "rate_limited", "auth", "validation", "unknown"]);

/** One failed attempt as the ledger keeps it. */
export interface AttemptError {
  readonly attempt: number;
  readonly at: string;
  readonly class: ErrorClass;
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

export function isRetryable(errorClass: ErrorClass): boolean {
  return errorClass === "transient" || errorClass === "rate_limited" || errorClass === "unknown";
}

/**
 * Classifies anything that can be thrown. An error's own `errorClass` wins; then a PostgreSQL SQLSTATE, a system error
 * code, an HTTP status; then its cause; else `unknown`, which is retried.
 */
export function classify(error: unknown): ErrorClass {
  for (const e of causes(error)) {
    const found = ownClass(e);
    if (found) return found;
  }
  return "unknown";
}

/** Whether the database itself failed, as opposed to the work: worth one more try at once inside the attempt. */
export function isDatabaseTrouble(error: unknown): boolean {
  return causes(error).some(
    ({ code }) => typeof code === "string" && (sqlStateClass(code) === "transient" || POSTGRES_JS_CONNECTION.has(code)),
  );
}

/** Whether a unique index refused a row. */
export function isUniqueViolation(error: unknown): boolean {
  return causes(error).some((e) => e.code === "23505");
}

/** Milliseconds that the error itself asks to wait (a provider's `Retry-After`), if any. */
export function retryAfter(error: unknown): number | undefined {
  for (const { retryAfterMs } of causes(error)) {
    if (typeof retryAfterMs === "number" && Number.isFinite(retryAfterMs) && retryAfterMs >= 0) return retryAfterMs;
  }
  return undefined;
}

/**
 * Anything thrown, as an Error: a job may throw a string or a plain object. Of a failed query only the database's own
 * words are kept, since the wrapper's message repeats the whole statement with its values.
 */
export function asError(thrown: unknown): Error {
  if (thrown instanceof Error)
    return thrown.message.startsWith("Failed query:") && thrown.cause instanceof Error ? thrown.cause : thrown;
  return new Error(`a value that is no Error was thrown: ${describe(thrown)}`, { cause: thrown });
}

/** The error with its stack and the stacks of its causes, at most 32 KiB. */
export function stackOf(error: Error): string {
  const parts: string[] = [];
  for (let e: unknown = error, depth = 0; e instanceof Error && depth < 5; e = e.cause, depth++) {
    parts.push((depth ? "Caused by: " : "") + (e.stack ?? `${e.name}: ${e.message}`));
  }
  return parts.join("\n").slice(0, 32_768);
}

/** The error and what caused it, at most five deep: a cycle must not hang the ledger. */
function causes(error: unknown): Record<string, unknown>[] {
  const chain: Record<string, unknown>[] = [];
  for (let e = error; e instanceof Object && chain.length < 5; e = (e as { cause?: unknown }).cause) {
    chain.push(e as Record<string, unknown>);
  }
  return chain;
}

function ownClass(e: Record<string, unknown>): ErrorClass | undefined {
  if (typeof e.errorClass === "string" && CLASSES.has(e.errorClass)) return e.errorClass as ErrorClass;
  if (e.name === "ZodError") return "validation";
  if (typeof e.code === "string") {
    const byCode = sqlStateClass(e.code) ?? (isConnectionCode(e.code) ? "transient" : undefined);
    if (byCode) return byCode;
  }
  const status = e.status ?? e.statusCode;
  return typeof status === "number" ? statusClass(status) : undefined;
}

function statusClass(status: number): ErrorClass | undefined {
  if (status === 429) return "rate_limited";
  if (status === 401 || status === 403) return "auth";
  if (status === 408 || status >= 500) return "transient";
  return status >= 400 ? "validation" : undefined;
}

/** SQLSTATE classes: PostgreSQL documentation, appendix A. */
function sqlStateClass(code: string): ErrorClass | undefined {
  if (!/^[0-9A-Z]{5}$/.test(code) || /^E[A-Z]{4}$/.test(code)) return undefined;
  switch (code.slice(0, 2)) {
    case "08": // connection
    case "40": // serialization failure, deadlock
    case "53": // out of resources, too many connections
    case "57": // shutdown, cancelled by the operator
    case "58": // input/output
      return "transient";
    case "55": // lock not available
      return "transient";
    case "22": // data out of range or malformed
    case "23": // constraint
      return "validation";
    case "28": // credentials
      return "auth";
    default:
      return undefined;
  }
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
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ABORT_ERR",
]);

function isConnectionCode(code: string): boolean {
  return POSTGRES_JS_CONNECTION.has(code) || SYSTEM_CONNECTION.has(code) || code.startsWith("UND_ERR_");
}

function describe(value: unknown): string {
  try {
    return typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  } catch {
    return Object.prototype.toString.call(value);
  }
}
