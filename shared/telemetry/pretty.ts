import type { LogEntry, LogSink } from "./log.ts";

const COLOURS = { debug: 90, info: 36, warn: 33, error: 31 } as const;
/** Fields that stand in front of the message rather than behind it. */
const LEADING = new Set(["job", "run", "attempt", "correlationId"]);

/** Lines for a person at a terminal: `16:30:00 sync_fx_latest  Succeeded  inserted=30 durationMs=412`. */
export function prettyLines(write: (line: string) => void): LogSink {
  return (entry) => {
    write(`${prettyLine(entry)}\n`);
  };
}

export function prettyLine({ time, level, message, fields }: LogEntry): string {
  const who = typeof fields.job === "string" ? paint(35, fields.job.padEnd(22)) : paint(90, "rota".padEnd(22));
  const again =
    typeof fields.attempt === "number" && fields.attempt > 1 ? paint(33, ` (attempt ${fields.attempt})`) : "";
  const rest = Object.entries(fields)
    .filter(([name]) => !LEADING.has(name) && name !== "error")
    .map(([name, value]) => `${paint(90, `${name}=`)}${short(value)}`);
  const head = `${paint(90, time.slice(11, 19))} ${who} ${paint(COLOURS[level], message)}${again}`;
  return [[head, ...rest].join("  "), ...errorLines(fields.error)].join("\n");
}

function errorLines(error: unknown): string[] {
  if (error === undefined || error === null) return [];
  const { name, message, stack } = error as { name?: string; message?: string; stack?: string };
  const text = stack ?? (message ? `${name ?? "Error"}: ${message}` : JSON.stringify(error));
  return text.split("\n").map((line) => `           ${paint(90, line)}`);
}

function short(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 160 ? `${text.slice(0, 157)}…` : text;
}

function paint(code: number, text: string): string {
  return `\u001b[${code}m${text}\u001b[0m`;
}
