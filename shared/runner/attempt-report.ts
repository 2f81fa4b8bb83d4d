import type { Progress } from "#data/platform/platform-schema.ts";
import type { Completed, ItemFacts } from "./ending.ts";
import { ItemFailures } from "./item-failures.ts";

/**
 * What the work of one attempt reports while it runs. `hold` makes it with the claim, the context of the work writes to
 * it, and `execute` reads it when the work has ended. The heartbeat reads the progress.
 */
export class AttemptReport {
  #itemFailures: ItemFailures | undefined;
  progress: Progress | null = null;
  /** What `finish` has committed. */
  finished: Completed | null = null;

  /** Collects rows that `paginate` could not process. Made on first use: most runs have none. */
  get itemFailures(): ItemFailures {
    return (this.#itemFailures ??= new ItemFailures());
  }

  itemFacts(): ItemFacts | undefined {
    return this.#itemFailures?.facts();
  }
}
