import type { Db } from "#data/client.ts";
import { type Outcome, recordOutcomes } from "#data/platform/notification-sending.ts";
import type { Clock } from "#schedule/clock.ts";
import type { Delivered, Delivery } from "./deliver.ts";

/** Stores what providers answered, at once and yet many in one statement: what comes in while one is under way goes with the next. */
export interface DeliveryOutcomes {
  add(delivery: Delivery, delivered: Delivered): void;
  /** Resolves when all is stored. @throws what the database said, if something could not be */
  written(): Promise<void>;
}

export function deliveryOutcomes(db: Db, clock: Clock): DeliveryOutcomes {
  let open: Outcome[] = [];
  let writing: Promise<void> | undefined;
  const write = async () => {
    while (open.length) {
      const outcomes = open;
      open = [];
      await recordOutcomes(db, outcomes, clock.now());
    }
    writing = undefined;
  };
  return {
    add(delivery, delivered) {
      open.push(outcomeOf(delivery, delivered));
      if (!writing) {
        writing = write();
        // Whoever waits for `written` hears of it.
        writing.catch(() => undefined);
      }
    },
    written: async () => writing,
  };
}

function outcomeOf({ notification: { id, attempt }, channel }: Delivery, delivered: Delivered): Outcome {
  const own = { notification: id, channel, attempt, reason: null, providerMessageId: null };
  switch (delivered.kind) {
    case "sent":
      return { ...own, state: "sent", providerMessageId: delivered.receipt.providerMessageId };
    case "held":
      return { ...own, state: "held", reason: "the provider asks to wait" };
    case "failed":
      return { ...own, state: delivered.error.isFinal ? "failed" : "retrying", reason: delivered.error.message };
  }
}
