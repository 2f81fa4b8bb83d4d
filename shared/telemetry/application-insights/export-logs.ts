import { type AnyValueMap, logs, SeverityNumber } from "@opentelemetry/api-logs";
import { logEntries } from "../diagnostics-channels.ts";
import type { LogEntry, LogLevel } from "../log.ts";
import { subscribe } from "../subscribe.ts";
import { activeTrace, type TraceContext, traceOf } from "../trace-context.ts";
import { exceptionOf } from "./exception.ts";
import { contextOf } from "./export-spans.ts";

const SEVERITY: Readonly<Record<LogLevel, SeverityNumber>> = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
};

/** Sends each log entry, one with an error as an exception. @returns a function that stops the export */
export function exportLogs(): () => void {
  const logger = logs.getLogger("rota");
  return subscribe(logEntries, (line) => {
    const { level, message, fields } = line as LogEntry;
    const { error, ...rest } = fields;
    logger.emit({
      severityNumber: SEVERITY[level],
      severityText: level.toUpperCase(),
      body: message,
      context: contextOf(traceOfEntry(rest)),
      attributes: { ...asTexts(rest), ...(error !== undefined && exceptionAttributes(message, error)) },
    });
  });
}

/** An entry about a run belongs to the trace that requested the run, also when another process writes it. */
function traceOfEntry({ correlationId }: LogEntry["fields"]): TraceContext | undefined {
  return (typeof correlationId === "string" ? traceOf(correlationId) : undefined) ?? activeTrace.getStore();
}

/** Application Insights shows only the message of an exception, so the message of the log entry comes first in it. */
function exceptionAttributes(sentence: string, error: unknown): AnyValueMap {
  const { type, message, stack } = exceptionOf(error);
  return {
    "exception.type": type,
    "exception.message": `${sentence}: ${message}`,
    "exception.stacktrace": stack,
  };
}

function asTexts(fields: Readonly<Record<string, unknown>>): AnyValueMap {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === "object" ? JSON.stringify(value) : String(value as string | number | boolean),
    ]),
  );
}
