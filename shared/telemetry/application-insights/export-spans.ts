import type { Channel } from "node:diagnostics_channel";
import {
  type Attributes,
  type Context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from "@opentelemetry/api";
import { type Statement, statementChannel } from "#data/statement-diagnostics.ts";
import { type QueueSend, queueSends } from "#messaging/service-bus-sender.ts";
import { type OutboundRequest, outboundRequests } from "#providers/outbound.ts";
import { type Attempt, attempts } from "#runner/attempt-channel.ts";
import { subscribe } from "../subscribe.ts";
import { activeTrace, type TraceContext, traceOf } from "../trace-context.ts";
import { exceptionOf } from "./exception.ts";

/** Runs of a batch that its span links to; it only counts the others. */
const MOST_LINKS = 100;
/** Characters of a statement. */
const LONGEST_STATEMENT = 4_096;

/** Looked up each time: a tracer from before the start of the library creates no spans. */
const tracer = () => trace.getTracer("rota");

/**
 * Creates a span for each attempt, with child spans for its statements, requests and messages.
 * @returns stops the export
 */
export function exportSpans(): () => void {
  const ends = [
    subscribe(statementChannel, (message) => {
      const { text, ...taken } = message as Statement;
      recordSpan(text.trimStart().split(/\s/, 1)[0]!.toLowerCase(), SpanKind.CLIENT, taken, {
        "db.system": "postgresql",
        "db.statement": text.slice(0, LONGEST_STATEMENT),
      });
    }),
    subscribe(outboundRequests, (message) => {
      const { provider, method, url, status, ...taken } = message as OutboundRequest;
      recordSpan(`${method} ${provider}`, SpanKind.CLIENT, taken, {
        "http.method": method,
        "http.url": url,
        "rota.provider": provider,
        ...(status !== undefined && { "http.status_code": status }),
      });
    }),
    subscribe(queueSends, (message) => {
      const { queue, messages, ...taken } = message as QueueSend;
      recordSpan(`send ${queue}`, SpanKind.PRODUCER, taken, {
        "messaging.system": "servicebus",
        "messaging.destination.name": queue,
        "messaging.batch.message_count": messages,
      });
    }),
    exportAttempts(),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** The span of an attempt is the active one during the attempt, so that its calls become child spans. */
function exportAttempts(): () => void {
  const spans = new WeakMap<Attempt, Span>();
  const start = attempts.start as Channel<TraceContext, Attempt>;
  start.bindStore(activeTrace, (attempt) => {
    const span = startAttemptSpan(attempt);
    spans.set(attempt, span);
    return span.spanContext();
  });
  const end = subscribe(attempts.asyncEnd, (message) => {
    const attempt = message as Attempt;
    const span = spans.get(attempt);
    const { result, error = result?.kind === "threw" ? result.error : undefined } = attempt;
    // Work that completed its run with `finish` returned, for everyone who queries this attribute.
    if (result) span?.setAttribute("rota.ending", result.kind === "finished" ? "returned" : result.kind);
    if (error !== undefined) fail(span, error);
    span?.end();
  });
  return () => {
    start.unbindStore(activeTrace);
    end();
  };
}

/** A single run belongs to the trace that requested it; the span of a batch links to the traces of its runs. */
function startAttemptSpan({ jobId, runs }: Attempt): Span {
  const here = activeTrace.getStore();
  const [run] = runs;
  const alone = runs.length === 1 ? run : undefined;
  const parent = (alone && traceOf(alone.correlationId)) ?? here;
  const others = alone ? [here] : runs.slice(0, MOST_LINKS).map(({ correlationId }) => traceOf(correlationId));
  return tracer().startSpan(
    jobId,
    {
      kind: SpanKind.CONSUMER,
      attributes: {
        // Application Insights shows a request of this kind without a name otherwise.
        "ai.operation.name": jobId,
        "rota.job": jobId,
        "rota.runs": runs.length,
        ...(alone && { "rota.run": alone.id, "rota.attempt": alone.attempt, "rota.trigger": alone.trigger }),
      },
      links: others.flatMap((other) => (other && other !== parent ? [linkTo(other)] : [])),
    },
    contextOf(parent),
  );
}

function linkTo(parent: TraceContext): Link {
  return { context: { ...parent, traceFlags: TraceFlags.SAMPLED } };
}

/** Creates the span of a call that has ended. */
function recordSpan(
  name: string,
  kind: SpanKind,
  { ms, error }: { ms: number; error?: unknown },
  attributes: Attributes,
) {
  const now = Date.now();
  const span = tracer().startSpan(name, { kind, startTime: now - ms, attributes }, contextOf(activeTrace.getStore()));
  if (error !== undefined) fail(span, error);
  span.end(now);
}

function fail(span: Span | undefined, error: unknown): void {
  const { type, message } = exceptionOf(error);
  span?.setStatus({ code: SpanStatusCode.ERROR, message });
  span?.setAttribute("error.type", type);
}

/** Marked as sampled: the sampler of this process decides by the trace id which traces are sent. */
export function contextOf(operation: TraceContext | undefined): Context {
  if (!operation) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: operation.traceId,
    spanId: operation.spanId,
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  });
}
