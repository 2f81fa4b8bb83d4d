import { redact, redactText } from "#redaction/redact.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** One event: a sentence and its fields. Already redacted. */
export interface LogEntry {
  readonly time: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export type LogSink = (entry: LogEntry) => void;

/** Decides which entries are written: `admit` gives the fields of one, or undefined to omit it. */
export interface LogLimit {
  admit(message: string, fields: Record<string, unknown>): Record<string, unknown> | undefined;
}

const ORDER: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Structured log. It redacts every entry before the sink gets it. Default level: info. */
export class Log {
  readonly #sink: LogSink;
  readonly #level: LogLevel;
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #limit: LogLimit | undefined;

  constructor(
    sink: LogSink,
    {
      level = "info",
      fields = {},
      limit,
    }: { level?: LogLevel; fields?: Record<string, unknown>; limit?: LogLimit } = {},
  ) {
    this.#sink = sink;
    this.#level = level;
    this.#fields = fields;
    this.#limit = limit;
  }

  /** A log that adds these fields to its entries. It has no limit: its entries are about one run or job. */
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

  /** Never throws: a job must not fail because an entry cannot be read or written. */
  #write(level: LogLevel, message: string, fields: Record<string, unknown> = {}): void {
    if (ORDER[level] < ORDER[this.#level]) return;
    try {
      const admitted = this.#limit ? this.#limit.admit(message, fields) : fields;
      if (!admitted) return;
      this.#sink({
        time: new Date().toISOString(),
        level,
        message: redactText(message),
        fields: withoutGaps({ ...asFields(this.#fields), ...asFields(admitted) }),
      });
    } catch {
      // The sink failed, and there is no other place to report that.
    }
  }
}

/** Redacts one set of fields alone, so that an unreadable set does not remove the other one. */
function asFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const shown = redact(fields);
  return typeof shown === "object" && shown !== null ? (shown as Record<string, unknown>) : { fields: shown };
}

function withoutGaps(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** One JSON object a line: time, level and message first. A field with one of these names gets an underscore. */
export function jsonLines(write: (line: string) => void): LogSink {
  return ({ time, level, message, fields }) => {
    const named = Object.entries(fields).map(([name, value]) => [RESERVED.has(name) ? `${name}_` : name, value]);
    write(`${JSON.stringify({ time, level, message, ...Object.fromEntries(named) })}\n`);
  };
}

const RESERVED: ReadonlySet<string> = new Set(["time", "level", "message"]);
