import type { Db } from "#data/client.ts";
import { type DeliveryOutcome, recordOutcomes } from "#data/platform/notification-deliveries.ts";
import type { Clock } from "#schedule/clock.ts";
import type { Delivery, DeliveryError, DeliveryResult } from "./deliver.ts";

/** Stores delivery results in batches: results that arrive while a statement runs are stored by the next statement. */
export interface DeliveryOutcomes {
  add(delivery: Delivery, result: DeliveryResult): void;
  /** Resolves when all results are stored. @throws the error of the database */
  flush(): Promise<void>;
}

export function deliveryOutcomes(db: Db, clock: Clock): DeliveryOutcomes {
  let open: DeliveryOutcome[] = [];
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
    add(delivery, result) {
      open.push(outcomeOf(delivery, result));
      if (!writing) {
        writing = write();
        // `flush` reports the error.
        writing.catch(() => undefined);
      }
    },
    flush: async () => writing,
  };
}

function outcomeOf({ notification: { id, attempt }, channel }: Delivery, result: DeliveryResult): DeliveryOutcome {
  const own = { notification: id, channel, attempt, reason: null, providerMessageId: null };
  switch (result.kind) {
    case "sent":
      return { ...own, state: "sent", providerMessageId: result.receipt.providerMessageId };
    case "held":
      return { ...own, state: "held", reason: "the provider asks to wait" };
    case "failed":
      return { ...own, state: failedState(result.error), reason: result.error.message };
  }
}

function failedState({ isFinal, mayHaveArrived }: DeliveryError): DeliveryOutcome["state"] {
  if (!isFinal) return "retrying";
  return mayHaveArrived ? "unknown" : "failed";
}
