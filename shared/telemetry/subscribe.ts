import type { Channel } from "node:diagnostics_channel";

/** Subscribes to a diagnostics channel. @returns a function that unsubscribes */
export function subscribe(channel: Channel, onMessage: (message: unknown) => void): () => void {
  channel.subscribe(onMessage);
  return () => {
    channel.unsubscribe(onMessage);
  };
}
