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
import { type Statement, statements } from "#data/statements.ts";
import { type Sending, sendings } from "#messaging/service-bus.ts";
import { type Exchange, exchanges } from "#providers/outbound.ts";
import { type Attempt, attempts } from "#runner/attempt.ts";
import { type Operation, operationOf, operations } from "../operation.ts";
import { exceptionOf } from "./exception.ts";
import { listen } from "./listen.ts";

/** Runs that a batch's span names; the rest are counted alone. */
const MOST_LINKS = 100;
/** Characters of a statement. */
const LONGEST_STATEMENT = 4_096;

/** Asked for each time: one that was got before the library started would make nothing. */
const tracer = () => trace.getTracer("rota");

/** Makes a span of each attempt, and below it of each statement, request and message. @returns what ends that */
export function followSpans(): () => void {
  const ends = [
    listen(statements, (message) => {
      const { text, ...taken } = message as Statement;
      leaf(text.trimStart().split(/\s/, 1)[0]!.toLowerCase(), SpanKind.CLIENT, taken, {
        "db.system": "postgresql",
        "db.statement": text.slice(0, LONGEST_STATEMENT),
      });
    }),
    listen(exchanges, (message) => {
      const { provider, method, url, status, ...taken } = message as Exchange;
      leaf(`${method} ${provider}`, SpanKind.CLIENT, taken, {
        "http.method": method,
        "http.url": url,
        "rota.provider": provider,
        ...(status !== undefined && { "http.status_code": status }),
      });
    }),
    listen(sendings, (message) => {
      const { queue, messages, ...taken } = message as Sending;
      leaf(`send ${queue}`, SpanKind.PRODUCER, taken, {
        "messaging.system": "servicebus",
        "messaging.destination.name": queue,
        "messaging.batch.message_count": messages,
      });
    }),
    followAttempts(),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** What an attempt calls is called within its span, so that all of it stands below. */
function followAttempts(): () => void {
  const spans = new WeakMap<Attempt, Span>();
  const start = attempts.start as Channel<Operation, Attempt>;
  start.bindStore(operations, (attempt) => {
    const span = spanOf(attempt);
    spans.set(attempt, span);
    return span.spanContext();
  });
  const end = listen(attempts.asyncEnd, (message) => {
    const attempt = message as Attempt;
    const span = spans.get(attempt);
    const { result, error = result?.kind === "threw" ? result.error : undefined } = attempt;
    if (result) span?.setAttribute("rota.ending", result.kind);
    if (error !== undefined) fail(span, error);
    span?.end();
  });
  return () => {
    start.unbindStore(operations);
    end();
  };
}

/** A run alone is part of the operation that asked for it; of a batch each run is named. */
function spanOf({ jobId, runs }: Attempt): Span {
  const here = operations.getStore();
  const [run] = runs;
  const alone = runs.length === 1 ? run : undefined;
  const parent = (alone && operationOf(alone.correlationId)) ?? here;
  const others = alone ? [here] : runs.slice(0, MOST_LINKS).map(({ correlationId }) => operationOf(correlationId));
  return tracer().startSpan(
    jobId,
    {
      kind: SpanKind.CONSUMER,
      attributes: {
        // Without it a request of this kind has no name there.
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

function linkTo(operation: Operation): Link {
  return { context: { ...operation, traceFlags: TraceFlags.SAMPLED } };
}

/** One that is over already. */
function leaf(name: string, kind: SpanKind, { ms, error }: { ms: number; error?: unknown }, attributes: Attributes) {
  const now = Date.now();
  const span = tracer().startSpan(name, { kind, startTime: now - ms, attributes }, contextOf(operations.getStore()));
  if (error !== undefined) fail(span, error);
  span.end(now);
}

function fail(span: Span | undefined, error: unknown): void {
  const { type, message } = exceptionOf(error);
  span?.setStatus({ code: SpanStatusCode.ERROR, message });
  span?.setAttribute("error.type", type);
}

/** As sampled by whoever began it: which operations are sent is decided here, by their id. */
export function contextOf(operation: Operation | undefined): Context {
  if (!operation) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId: operation.traceId,
    spanId: operation.spanId,
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  });
}
