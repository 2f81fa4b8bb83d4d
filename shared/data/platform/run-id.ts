/**
 * The lowest UUIDv7 of an instant. Ids of runs are time-ordered, so "enqueued since" is a range of the primary key and
 * needs no index of its own.
 */
export function firstIdAt(instant: Date): string {
  const hex = Math.max(0, instant.getTime()).toString(16).padStart(12, "0").slice(-12);
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
