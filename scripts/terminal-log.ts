/** How often the terminal shows a failure that repeats. */
const ONCE_IN_MS = 60_000;

/** A line of the log, as far as the terminal shows it. */
interface Line {
  readonly level: string;
  readonly source: string;
  readonly message: string;
}

/**
 * Makes the log of `npm start`: lines of the app, and warnings and errors of the host. A host error that repeats, as of
 * every message during an outage, shows once a minute, with the count of the omitted ones.
 */
export function terminalLog(
  write: (text: string) => void,
  { elapsed = () => performance.now() } = {},
): (line: Line) => void {
  const shown = new Map<string, { at: number; omitted: number }>();
  return ({ level, source, message }) => {
    if (source === "console" || source === "app") {
      write(`${message}\n`);
      return;
    }
    if (!/warning|error|critical/.test(level)) return;
    // Without the stack, which differs by the place that met the failure.
    const [failure = ""] = message.split("\n");
    const last = shown.get(failure);
    if (last && elapsed() - last.at < ONCE_IN_MS) {
      last.omitted += 1;
      return;
    }
    shown.set(failure, { at: elapsed(), omitted: 0 });
    write(last?.omitted ? `${failure} (${last.omitted} more since then)\n` : `${message}\n`);
  };
}
