import { AsyncLocalStorage } from "node:async_hooks";

/** What belongs together from the first request to the last retry: the trace of the W3C that it is part of. */
export interface Operation {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: the step under which the next ones stand. */
  readonly spanId: string;
}

/** The operation that goes on here, if any. */
export const operations = new AsyncLocalStorage<Operation>();

/** An id of zeros alone is none. */
const TRACE_PARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}$/;

/** Does the work as part of the operation that a `traceparent` names; of none when it names none. */
export function inOperation<T>(traceParent: string | null | undefined, work: () => T): T {
  const [, traceId, spanId] = TRACE_PARENT.exec(traceParent ?? "") ?? [];
  return traceId && spanId ? operations.run({ traceId, spanId }, work) : work();
}

/** The correlation id of runs that are asked for within an operation: its trace id, written as a UUID. */
export function correlationIdOf({ traceId }: Operation): string {
  return traceId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/**
 * The operation of runs with this correlation id: the one that goes on here when it is that; otherwise by its trace id, below a
 * step of no name, since the one that asked for the run may have been in another process. Undefined when no trace can have that id.
 */
export function operationOf(correlationId: string): Operation | undefined {
  const traceId = correlationId.replaceAll("-", "").toLowerCase();
  if (!/^(?!0{32})[0-9a-f]{16}(?!0{16})[0-9a-f]{16}$/.test(traceId)) return undefined;
  const here = operations.getStore();
  return here?.traceId === traceId ? here : { traceId, spanId: traceId.slice(16) };
}
