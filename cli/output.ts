import { styleText } from "node:util";

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";
export type Paint = (style: Style, text: string) => string;

/** The stream that a command writes to. */
export interface Output {
  readonly isTerminal: boolean;
  /** The maximum line length. */
  readonly width: number;
  /** Colours the text on a terminal, unless NO_COLOR is set. */
  readonly paint: Paint;
  line(text: string): void;
  write(text: string): void;
}

/** The line length of piped output, and of a terminal that does not know its own. */
const PIPED_WIDTH = 100;

export function outputTo(stream: NodeJS.WriteStream): Output {
  // `rota runs | head` closes the pipe early: that is not an error.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit();
    throw error;
  });
  const write = (text: string) => {
    stream.write(text);
  };
  return {
    isTerminal: stream.isTTY,
    width: stream.isTTY && stream.columns > 0 ? Math.max(40, stream.columns) : PIPED_WIDTH,
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
 * A copy that is safe to print: a text from outside (an error message, a provider's answer) may contain control
 * characters that a terminal would execute. Line breaks and tabs stay.
 */
export function printable<T>(value: T): T {
  if (typeof value === "string") return value.replace(CONTROL, "\u{fffd}") as T;
  if (Array.isArray(value)) return value.map(printable) as T;
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, printable(field)])) as T;
}

// Includes bidirectional overrides: they make a terminal display a line in another order.
// eslint-disable-next-line no-control-regex -- finding them is the purpose
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;
