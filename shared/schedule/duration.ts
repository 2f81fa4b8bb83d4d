const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A length of time that carries its unit: `"250ms"`, `"5s"`, `"10m"`, `"2h"`, `"30d"`. */
export type Duration = `${number}${keyof typeof MILLISECONDS}`;

/** Longer waits are typing errors. A Date and an interval of the database can hold this much. */
const LONGEST_MS = 3_660 * MILLISECONDS.d;

/**
 * Reads a duration as whole milliseconds.
 * @throws RangeError when the text is not a non-negative number followed by ms, s, m, h or d, or is more than ten years
 */
export function milliseconds(duration: string): number {
  const match = /^(\d{1,15}(?:\.\d{1,9})?)(ms|s|m|h|d)$/.exec(duration);
  const ms = match ? Math.round(Number(match[1]) * MILLISECONDS[match[2] as keyof typeof MILLISECONDS]) : NaN;
  if (!(ms <= LONGEST_MS)) {
    throw new RangeError(
      `expected a duration such as "30s", "10m" or "2h", at most ten years, got ${JSON.stringify(duration)}`,
    );
  }
  return ms;
}

/** The instant that many times 24 hours before another, regardless of clock changes in between. */
export function daysBefore(moment: Date, days: number): Date {
  return new Date(moment.getTime() - days * MILLISECONDS.d);
}

/** Formats milliseconds for a person, in the two largest units: `820 ms`, `4.2 s`, `3 min 5 s`, `2 h`, `30 d 4 h`. */
export function inWords(ms: number): string {
  if (Math.round(ms) < 1_000) return `${Math.round(ms)} ms`;
  if (Math.round(ms / 100) < 600) return `${(ms / 1_000).toFixed(1)} s`.replace(".0 s", " s");
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return two(seconds, 60, "min", "s");
  const minutes = Math.round(seconds / 60);
  return minutes < 48 * 60 ? two(minutes, 60, "h", "min") : two(Math.round(minutes / 60), 24, "d", "h");
}

function two(amount: number, size: number, large: string, small: string): string {
  const rest = amount % size;
  return `${Math.floor(amount / size)} ${large}${rest ? ` ${rest} ${small}` : ""}`;
}
