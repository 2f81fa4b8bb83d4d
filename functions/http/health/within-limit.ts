import { withinTime } from "#diagnostics/time-limit.ts";

/** Load balancers, monitors and people give up after a few seconds: such a route answers before, whatever happens. */
export const HEALTH_LIMIT_MS = 2_500;

/** Waits for work, but not longer than health routes may take. @throws Error when the time is over */
export function withinLimit<T>(work: Promise<T>, limitMs = HEALTH_LIMIT_MS): Promise<T> {
  return withinTime(limitMs, work, () => new Error(`no answer within ${limitMs / 1_000} s`));
}
