import { styleText } from "node:util";

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";
export type Paint = (style: Style, text: string) => string;

/** Where a command writes to. */
export interface Output {
  readonly isTerminal: boolean;
  /** Columns that a line may take. */
  readonly width: number;
  /** Colours the text, if the other side shows colours (a terminal) and wants them (NO_COLOR). */
  readonly paint: Paint;
  line(text: string): void;
  write(text: string): void;
}

/** What is piped, and read later on who knows which screen, is this wide. */
const PIPED_WIDTH = 100;

export function outputTo(stream: NodeJS.WriteStream): Output {
  // `rota runs | head` closes the pipe when it has seen enough: that is no error.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit();
    throw error;
  });
  const write = (text: string) => {
    stream.write(text);
  };
  return {
    isTerminal: stream.isTTY,
    width: stream.isTTY ? Math.max(40, stream.columns) : PIPED_WIDTH,
    paint: (style, text) => (text ? styleText(style, text, { stream }) : text),
    line(text) {
      write(`${text}\n`);
    },
    write,
  };
}

/** Prints a value for a program to read. */
export function printJson(out: Output, value: unknown): void {
  out.line(JSON.stringify(value, null, 2));
}

/**
 * A copy whose texts are safe to show: what comes from elsewhere (an error's message, a provider's answer) may hold
 * control characters that would steer the terminal. Line breaks and tabs stay.
 */
export function printable<T>(value: T): T {
  if (typeof value === "string") return value.replace(CONTROL, "\u{fffd}") as T;
  if (Array.isArray(value)) return value.map(printable) as T;
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, printable(field)])) as T;
}

// Bidirectional overrides are in it as well: they make a line read differently from what it says.
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g; // eslint-disable-line no-control-regex
