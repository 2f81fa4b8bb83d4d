/** A list with less than this share of its last size counts as cut off. */
const LEAST_SHARE = 0.5;

/** Whether a list has so few rows that a fault of the source is more likely than a real decline. */
export function isSuspiciouslySmall(rows: number, lastRows: number | null): boolean {
  return lastRows !== null && rows < lastRows * LEAST_SHARE;
}
