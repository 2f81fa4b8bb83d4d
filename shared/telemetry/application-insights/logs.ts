import { type AnyValueMap, logs, SeverityNumber } from "@opentelemetry/api-logs";
import type { LogEntry, LogLevel } from "../log.ts";
import { type Operation, operationOf, operations } from "../operation.ts";
import { logLines } from "../told.ts";
import { exceptionOf } from "./exception.ts";
import { listen } from "./listen.ts";
import { contextOf } from "./spans.ts";

const SEVERITY: Readonly<Record<LogLevel, SeverityNumber>> = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
};

/** Sends each line of the log, one with an error as an exception. @returns what ends that */
export function followLogs(): () => void {
  const logger = logs.getLogger("rota");
  return listen(logLines, (line) => {
    const { level, message, fields } = line as LogEntry;
    const { error, ...rest } = fields;
    logger.emit({
      severityNumber: SEVERITY[level],
      severityText: level.toUpperCase(),
      body: message,
      context: contextOf(operationOfLine(rest)),
      attributes: { ...asTexts(rest), ...(error !== undefined && exceptionAttributes(message, error)) },
    });
  });
}

/** A line about a run is part of the operation that asked for the run, wherever it is written. */
function operationOfLine({ correlationId }: LogEntry["fields"]): Operation | undefined {
  return (typeof correlationId === "string" ? operationOf(correlationId) : undefined) ?? operations.getStore();
}

/** An exception has no sentence of its own there, so the log's stands before the error's. */
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
