import { AsyncLocalStorage } from "node:async_hooks";

/** The W3C trace that connects a request, its runs and their retries; Application Insights calls it an operation. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: the parent of the next spans. */
  readonly spanId: string;
}

/** The trace of the current asynchronous call chain, if any. */
export const activeTrace = new AsyncLocalStorage<TraceContext>();

/** An id of only zeros is invalid. */
const TRACE_PARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}$/;

/**
 * Runs the work within the trace of a `traceparent` header; outside of a trace when the header is missing or invalid.
 */
export function withTraceParent<T>(traceParent: string | null | undefined, work: () => T): T {
  const [, traceId, spanId] = TRACE_PARENT.exec(traceParent ?? "") ?? [];
  return traceId && spanId ? activeTrace.run({ traceId, spanId }, work) : work();
}

/** The correlation id of runs that are requested within a trace: the trace id as a UUID. */
export function correlationIdOfTrace({ traceId }: TraceContext): string {
  return traceId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/**
 * The trace of runs with this correlation id: the active trace when the ids match, otherwise a trace context with the
 * same trace id and a derived span id, because another process may have requested the run. Undefined for an invalid
 * trace id.
 */
export function traceOf(correlationId: string): TraceContext | undefined {
  const traceId = correlationId.replaceAll("-", "").toLowerCase();
  if (!/^(?!0{32})[0-9a-f]{16}(?!0{16})[0-9a-f]{16}$/.test(traceId)) return undefined;
  const here = activeTrace.getStore();
  return here?.traceId === traceId ? here : { traceId, spanId: traceId.slice(16) };
}
