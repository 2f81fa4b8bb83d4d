/** Below this share of its last size a list is taken for cut off, and not for the truth. */
const LEAST_SHARE = 0.5;

/** Whether so few liens came that a fault of the source is likelier than a county whose liens are gone. */
export function isSuspiciouslySmall(rows: number, lastRows: number | null): boolean {
  return lastRows !== null && rows < lastRows * LEAST_SHARE;
}
