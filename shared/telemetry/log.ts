import { redact, redactText } from "./redaction.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** One thing that happened: a sentence and its fields. Already redacted. */
export interface LogEntry {
  readonly time: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export type LogSink = (entry: LogEntry) => void;

const ORDER: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Structured log. Everything passes the redaction before it reaches the sink; a sink never sees a secret. */
export class Log {
  readonly #sink: LogSink;
  readonly #level: LogLevel;
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(
    sink: LogSink,
    { level = "info", fields = {} }: { level?: LogLevel; fields?: Record<string, unknown> } = {},
  ) {
    this.#sink = sink;
    this.#level = level;
    this.#fields = fields;
  }

  with(fields: Record<string, unknown>): Log {
    return new Log(this.#sink, { level: this.#level, fields: { ...this.#fields, ...fields } });
  }

  debug(message: string, fields?: Record<string, unknown>): void {
    this.#write("debug", message, fields);
  }
  info(message: string, fields?: Record<string, unknown>): void {
    this.#write("info", message, fields);
  }
  warn(message: string, fields?: Record<string, unknown>): void {
    this.#write("warn", message, fields);
  }
  error(message: string, fields?: Record<string, unknown>): void {
    this.#write("error", message, fields);
  }

  #write(level: LogLevel, message: string, fields: Record<string, unknown> = {}): void {
    if (ORDER[level] < ORDER[this.#level]) return;
    const all = Object.entries({ ...this.#fields, ...fields }).filter(([, value]) => value !== undefined);
    this.#sink({
      time: new Date().toISOString(),
      level,
      message: redactText(message),
      fields: redact(Object.fromEntries(all)) as Record<string, unknown>,
    });
  }
}

/** One JSON object a line, for machines. */
export function jsonLines(write: (line: string) => void): LogSink {
  return ({ time, level, message, fields }) => {
    write(`${JSON.stringify({ time, level, message, ...fields })}\n`);
  };
}
