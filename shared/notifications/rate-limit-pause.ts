import type { Clock } from "#schedule/clock.ts";
import type { ChannelSettings } from "./channels.ts";
import type { ChannelName } from "./notification.ts";

/** Pauses up to this are waited out in place; for a longer one the deliveries are put off. */
export const LONGEST_WAIT_MS = 15_000;

/** How long a provider has asked to be left alone. */
export class Pause {
  readonly #clock: Clock;
  /** What is waited out goes by the time that passes; what runs are put off for goes by the clock that brings them back. */
  #wait = 0;
  #putOff = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds that are left of it; 0 when it is over. */
  get leftMs(): number {
    return Math.max(0, this.#wait - performance.now(), this.#putOff - this.#clock.now().getTime());
  }

  /** A shorter one than what is left changes nothing. */
  ask(ms: number): void {
    if (ms > LONGEST_WAIT_MS) this.#putOff = Math.max(this.#putOff, this.#clock.now().getTime() + ms);
    else this.#wait = Math.max(this.#wait, performance.now() + ms);
  }
}

const pauses = new WeakMap<ChannelSettings, Map<ChannelName, Pause>>();

/** The pause of a channel for all batches of an app in this process: what its provider said to one of them holds for all. */
export function pauseOf(settings: ChannelSettings, channel: ChannelName, clock: Clock): Pause {
  const own = pauses.get(settings) ?? new Map<ChannelName, Pause>();
  pauses.set(settings, own);
  const pause = own.get(channel) ?? new Pause(clock);
  own.set(channel, pause);
  return pause;
}
