import { AsyncLocalStorage } from "node:async_hooks";
import { format } from "node:util";
import type { LogLevel } from "./worker-contract.ts";

/** One line of the app's or the host's log. */
export interface LogEntry {
  at: Date;
  level: LogLevel;
  /** `app`: context.log and its kin; `console`: the app's console; `library`: @azure/functions; `host`: this host. */
  source: "app" | "console" | "library" | "host";
  message: string;
  functionName?: string;
  invocationId?: string;
}

export type Log = (entry: LogEntry) => void;

/** The invocation of a console line. */
export const currentInvocation = new AsyncLocalStorage<{ functionName: string; invocationId: string }>();

const CONSOLE_LEVELS = {
  trace: "trace",
  debug: "debug",
  log: "information",
  info: "information",
  warn: "warning",
  error: "error",
} as const satisfies Partial<Record<keyof Console, LogLevel>>;

type ConsoleMethod = keyof typeof CONSOLE_LEVELS;
const CONSOLE_METHODS = Object.keys(CONSOLE_LEVELS) as ConsoleMethod[];

/**
 * Redirects the app's console output to `log` until disposed. A `log` that writes to the console reaches the real
 * console.
 */
export function captureConsole(log: Log): Disposable {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- they are applied to the console
  const originals = Object.fromEntries(CONSOLE_METHODS.map((method) => [method, console[method]])) as Pick<
    Console,
    ConsoleMethod
  >;
  let writing = false;
  for (const method of CONSOLE_METHODS) {
    console[method] = (...args: unknown[]) => {
      if (writing) {
        originals[method].apply(console, args);
        return;
      }
      writing = true;
      try {
        log({
          at: new Date(),
          level: CONSOLE_LEVELS[method],
          source: "console",
          message: format(...args),
          ...currentInvocation.getStore(),
        });
      } finally {
        writing = false;
      }
    };
  }
  return {
    [Symbol.dispose]() {
      Object.assign(console, originals);
    },
  };
}

/** A log that writes warnings, errors and all lines of the app to stderr. */
export function logToStderr(entry: LogEntry): void {
  const isImportant =
    entry.source === "app" || entry.source === "console" || /^(warning|error|critical)$/.test(entry.level);
  if (!isImportant) return;
  const where = entry.functionName ? ` ${entry.functionName}` : "";
  process.stderr.write(`${entry.at.toISOString()} ${entry.level}${where}: ${entry.message}\n`);
}

/** The message of a thrown value. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // The Service Bus client throws an AggregateError with an empty message.
  if (error.message === "" && error instanceof AggregateError) return error.errors.map(messageOf).join("; ");
  return error.message;
}
