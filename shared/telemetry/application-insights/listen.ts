import type { Channel } from "node:diagnostics_channel";

/** Hears what a channel tells. @returns what ends that */
export function listen(told: Channel, hear: (message: unknown) => void): () => void {
  told.subscribe(hear);
  return () => {
    told.unsubscribe(hear);
  };
}
