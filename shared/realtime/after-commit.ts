import type { LiveEvent } from "./live-event.ts";

/** Events of a transaction that has not committed yet. One per attempt: after a rollback it is just forgotten. */
export interface AfterCommit {
  add(event: LiveEvent): void;
  /** Publishes what was added since the last time, in order. To be called once the commit is certain. Never throws. */
  flush(): Promise<void>;
}

/**
 * Keeps events back until their transaction has committed.
 *
 * ```ts
 * const events = afterCommit(realtime.publish);
 * await db.transaction(async (tx) => {
 *   events.add(runStateChanged(await finishRun(tx, …), now));
 * });
 * await events.flush();
 * ```
 */
export function afterCommit(publish: (events: readonly LiveEvent[]) => Promise<void>): AfterCommit {
  let held: LiveEvent[] = [];
  return {
    add(event) {
      held.push(event);
    },
    async flush() {
      const events = held;
      held = [];
      if (events.length === 0) return;
      // The work is committed: nothing that happens to its events may look like a failure of it.
      await publish(events).catch(() => undefined);
    },
  };
}
