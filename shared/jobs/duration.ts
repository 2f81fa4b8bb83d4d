const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A length of time that carries its unit: `"250ms"`, `"5s"`, `"10m"`, `"2h"`, `"30d"`. */
export type Duration = `${number}${keyof typeof MILLISECONDS}`;

/**
 * Reads a duration as milliseconds.
 * @throws RangeError when the text is no non-negative number followed by ms, s, m, h or d
 */
export function milliseconds(duration: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration);
  if (!match) {
    throw new RangeError(`expected a duration such as "30s", "10m" or "2h", got ${JSON.stringify(duration)}`);
  }
  return Number(match[1]) * MILLISECONDS[match[2] as keyof typeof MILLISECONDS];
}

/** Writes milliseconds for a person: `820 ms`, `4.2 s`, `3 min 5 s`, `2 h 10 min`. */
export function inWords(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
  return `${Math.floor(ms / 3_600_000)} h ${Math.round((ms % 3_600_000) / 60_000)} min`;
}
