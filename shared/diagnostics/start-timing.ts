import type { Channel } from "node:diagnostics_channel";

/** What every message about a finished call carries: its duration in milliseconds, and its error if it failed. */
export interface Timing {
  readonly ms: number;
  readonly error?: unknown;
}

/**
 * Starts to time one call. The returned function publishes `facts`, the outcome and the elapsed time on the channel; it
 * does nothing when the channel has no subscribers.
 */
export function startTiming<Call extends Timing>(
  channel: Channel,
  facts: Partial<Omit<Call, "ms">>,
): (outcome?: Partial<Omit<Call, "ms">>) => void {
  const startedAt = performance.now();
  return (outcome) => {
    if (channel.hasSubscribers) channel.publish({ ...facts, ...outcome, ms: performance.now() - startedAt });
  };
}
