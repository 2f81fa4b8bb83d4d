import { isInstance } from "#redaction/error-causes.ts";
import { Cancel, LeaseLost, Snooze } from "./endings.ts";
import { isDatabaseUnavailable } from "./error-class.ts";

/**
 * Whether an error that one item threw ends the attempt, as every further item would meet it too: the database is gone,
 * the run belongs to another process, or the job ends it.
 */
export function endsTheAttempt(thrown: unknown): boolean {
  return (
    isInstance(thrown, LeaseLost) ||
    isInstance(thrown, Cancel) ||
    isInstance(thrown, Snooze) ||
    isDatabaseUnavailable(thrown)
  );
}
