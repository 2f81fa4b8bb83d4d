import type { Clock } from "#schedule/clock.ts";
import type { ChannelSettings } from "./channels.ts";
import type { ChannelName } from "./notification.ts";

/** A delivery waits in place for pauses up to this; for a longer pause its run is requeued. */
export const LONGEST_WAIT_MS = 15_000;

/** The time for which a provider asked to wait. */
export class RateLimitPause {
  readonly #clock: Clock;
  /** Short pauses use the monotonic clock; long ones use the app's clock, by which requeued runs start. */
  #shortUntil = 0;
  #longUntil = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The remaining milliseconds; 0 when the pause is over. */
  get leftMs(): number {
    return Math.max(0, this.#shortUntil - performance.now(), this.#longUntil - this.#clock.now().getTime());
  }

  /** Pauses for `ms` milliseconds from now, unless the current pause is longer. */
  extend(ms: number): void {
    if (ms > LONGEST_WAIT_MS) this.#longUntil = Math.max(this.#longUntil, this.#clock.now().getTime() + ms);
    else this.#shortUntil = Math.max(this.#shortUntil, performance.now() + ms);
  }
}

const pauses = new WeakMap<ChannelSettings, Map<ChannelName, RateLimitPause>>();

/** The pause of a channel, shared by all batches of an app in this process. */
export function rateLimitPause(settings: ChannelSettings, channel: ChannelName, clock: Clock): RateLimitPause {
  const own = pauses.get(settings) ?? new Map<ChannelName, RateLimitPause>();
  pauses.set(settings, own);
  const pause = own.get(channel) ?? new RateLimitPause(clock);
  own.set(channel, pause);
  return pause;
}
