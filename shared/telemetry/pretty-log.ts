import type { LogEntry, LogSink } from "./log.ts";

const COLOURS = { debug: 90, info: 36, warn: 33, error: 31 } as const;
/** Fields that are shown before the message, or are not shown in a terminal. */
const LEADING: ReadonlySet<string> = new Set(["job", "run", "attempt", "correlationId", "error"]);

/** Lines for a terminal: `16:30:00 sync_fx_latest  Succeeded  inserted=30 durationMs=412`. */
export function prettyLines(write: (line: string) => void): LogSink {
  return (entry) => {
    write(`${prettyLine(entry)}\n`);
  };
}

/** One entry as a line, with the stack of its error and of the causes below it. */
export function prettyLine({ time, level, message, fields }: LogEntry): string {
  const who = typeof fields.job === "string" ? paint(35, plain(fields.job).padEnd(28)) : paint(90, "rota".padEnd(28));
  const again =
    typeof fields.attempt === "number" && fields.attempt > 1 ? paint(33, ` (attempt ${fields.attempt})`) : "";
  const rest = Object.entries(fields)
    .filter(([name]) => !LEADING.has(name))
    .map(([name, value]) => `${paint(90, `${plain(name)}=`)}${short(value)}`);
  const head = `${paint(90, time.slice(11, 19))} ${who} ${paint(COLOURS[level], plain(message))}${again}`;
  return [[head, ...rest].join("  "), ...errorLines(fields.error)].join("\n");
}

function errorLines(error: unknown): string[] {
  if (error === undefined || error === null) return [];
  const { name, message, stack, cause } = error as { name?: string; message?: string; stack?: string; cause?: unknown };
  const text = stack || (message ? `${name ?? "Error"}: ${message}` : textOf(error));
  const lines = text.split("\n").map((line) => `           ${paint(90, plain(line))}`);
  const [first, ...more] = errorLines(cause);
  return first === undefined
    ? lines
    : [...lines, `           ${paint(90, "Caused by: ")}${first.trimStart()}`, ...more];
}

function short(value: unknown): string {
  const text = plain(textOf(value));
  return text.length > 160 ? `${text.slice(0, 157)}…` : text;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}

/** Shows control characters as escapes, so that a value cannot forge a line or control the terminal. */
function plain(text: string): string {
  // eslint-disable-next-line no-control-regex -- the pattern is about control characters
  return text.replace(/[\u0000-\u001F\u007F-\u009F]/g, (control) =>
    control === "\n" ? "\\n" : `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

function paint(code: number, text: string): string {
  return `\u001b[${code}m${text}\u001b[0m`;
}
