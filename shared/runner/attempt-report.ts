import type { Progress } from "#data/platform/platform-schema.ts";
import type { Completed } from "./ending.ts";
import { ItemFailures } from "./item-failures.ts";

/**
 * What the work of one attempt reports while it runs. `execute` makes it, its context writes to it, and `execute` reads
 * it once when the work has ended. The heartbeat reads the progress.
 */
export class AttemptReport {
  progress: Progress | null = null;
  /** Items that the work could not process, of `paginate`. */
  readonly itemFailures = new ItemFailures();
  /** What `finish` committed. */
  finished: Completed | null = null;
}
