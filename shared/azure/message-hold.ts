import { setTimeout as sleep } from "node:timers/promises";

/** A lock of a minute lasts longer than this and one more attempt at a database that does not answer. */
const LONGEST_HOLD_MS = 20_000;
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [250, 2_000];
/** How often the log counts the messages of an outage. */
const COUNT_EVERY_MS = 60_000;

export interface MessageHoldOptions {
  readonly log: Pick<Console, "info" | "warn">;
  /** Whether an error of the handler is the outage of the database. */
  readonly isOutage: (error: unknown) => boolean;
  /** Ends all pauses: the process stops. */
  readonly stopping: AbortSignal;
  readonly pause?: (ms: number) => Promise<unknown>;
  /** Milliseconds of a monotonic clock. */
  readonly elapsed?: () => number;
}

export interface HeldMessages {
  readonly queue: string;
  readonly count: number;
  /** Whether the ledger has all that they say. Others return to the broker. */
  readonly areInLedger: boolean;
}

interface Outage {
  readonly since: number;
  countedAt: number;
  held: number;
  left: number;
}

/**
 * Holds messages while the database is away. A failed delivery comes back at once, and the tenth becomes a dead letter:
 * ten are over in a second. So the handler tries again, with pauses from 0.25 s to 2 s, for at most 20 s. Then it
 * completes messages whose runs are in the ledger, where the sweep finds them.
 */
export class MessageHold {
  readonly #options: MessageHoldOptions;
  readonly #pause: (ms: number) => Promise<unknown>;
  readonly #elapsed: () => number;
  #outage: Outage | undefined;

  constructor(options: MessageHoldOptions) {
    const { stopping, elapsed = () => performance.now() } = options;
    this.#options = options;
    this.#elapsed = elapsed;
    this.#pause = options.pause ?? ((ms) => sleep(ms, undefined, { signal: stopping }).catch(() => undefined));
  }

  /** @throws the error of the handler, unless it is an outage and the sweep finds the runs */
  async handle(messages: HeldMessages, handler: () => Promise<void>): Promise<void> {
    let until: number | undefined;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        await handler();
        this.#end();
        return;
      } catch (error) {
        if (!this.#options.isOutage(error)) throw error;
        const now = this.#elapsed();
        if (until === undefined) this.#begin(messages, error, now);
        until ??= now + LONGEST_HOLD_MS;
        this.#count(now);
        if (now >= until || this.#options.stopping.aborted) {
          this.#leave(messages, error);
          return;
        }
      }
      await this.#pause(pauseMs);
    }
  }

  #begin({ queue, count }: HeldMessages, error: unknown, now: number): void {
    if (!this.#outage) {
      this.#outage = { since: now, countedAt: now, held: 0, left: 0 };
      this.#options.log.warn("Messages wait until PostgreSQL is reachable", { queue, error });
    }
    this.#outage.held += count;
  }

  #leave({ count, areInLedger }: HeldMessages, error: unknown): void {
    if (!areInLedger) throw error;
    if (this.#outage) this.#outage.left += count;
  }

  #count(now: number): void {
    const outage = this.#outage;
    if (!outage || now - outage.countedAt < COUNT_EVERY_MS) return;
    outage.countedAt = now;
    this.#options.log.warn("Messages still wait until PostgreSQL is reachable", figures(outage, now));
  }

  #end(): void {
    const outage = this.#outage;
    if (!outage) return;
    this.#outage = undefined;
    this.#options.log.info("Messages are handled again", figures(outage, this.#elapsed()));
  }
}

/** `leftToSweep`: completed without their runs, which the sweep dispatches again. */
function figures({ since, held, left }: Outage, now: number): Record<string, number> {
  return { held, leftToSweep: left, seconds: Math.round((now - since) / 1_000) };
}
