/** Milliseconds in which a text is reported once. */
const EVERY_MS = 60_000;

interface Reported {
  readonly at: number;
  omitted: number;
}

/**
 * Passes on each error text of a function once a minute, with the count of those left out: while the broker is away,
 * the client reports several errors a second for each queue.
 * @param elapsed milliseconds of a monotonic clock; default `performance.now()`
 */
export function onceAMinute(
  report: (functionName: string, text: string) => void,
  elapsed: () => number = () => performance.now(),
): (functionName: string, text: string) => void {
  const reported = new Map<string, Reported>();
  return (functionName, text) => {
    const now = elapsed();
    const key = `${functionName} ${text}`;
    const last = reported.get(key);
    if (last && now - last.at < EVERY_MS) {
      last.omitted += 1;
      return;
    }
    // Texts may contain ids. An entry of the last minute keeps its count for the next line.
    for (const [old, { at }] of reported) if (now - at >= 2 * EVERY_MS) reported.delete(old);
    reported.set(key, { at: now, omitted: 0 });
    report(functionName, last?.omitted ? `${text} (${last.omitted} more since the last line)` : text);
  };
}
