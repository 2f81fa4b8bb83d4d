import type { TimerClock, WakeCause } from "#local/functions-host/timer-clock.ts";
import type { Clock } from "#schedule/clock.ts";

interface Timer {
  readonly at: number;
  readonly wake: (cause: WakeCause) => void;
}

/** A clock that stops while work runs, and then jumps to the next timer. */
export class SimulatedClock implements TimerClock, Clock {
  readonly isSimulated = true;
  #now: number;
  readonly #timers = new Set<Timer>();
  #waiter: { readonly count: number; readonly reached: () => void } | undefined;

  constructor(start: Date) {
    this.#now = start.getTime();
  }

  now(): Date {
    return new Date(this.#now);
  }

  setTimer(at: Date, wake: (cause: WakeCause) => void): Disposable {
    const timer = { at: at.getTime(), wake };
    this.#timers.add(timer);
    if (this.#waiter && this.#timers.size >= this.#waiter.count) this.#waiter.reached();
    return {
      [Symbol.dispose]: () => {
        this.#timers.delete(timer);
      },
    };
  }

  /** When the next timer is due; null without timers. A past time counts as now. */
  get next(): Date | null {
    const earliest = Math.min(...[...this.#timers].map(({ at }) => at));
    return Number.isFinite(earliest) ? new Date(Math.max(earliest, this.#now)) : null;
  }

  /** Jumps to an instant without waking timers. Time never goes backwards. */
  moveTo(instant: Date): void {
    this.#now = Math.max(this.#now, instant.getTime());
  }

  /** Wakes due timers in a later turn of the event loop, as `TimerClock` requires. */
  wakeDue(): void {
    for (const timer of [...this.#timers]) {
      if (timer.at > this.#now) continue;
      this.#timers.delete(timer);
      setImmediate(timer.wake, "reached");
    }
  }

  /** Resolves once this many timers are set: then every woken timer has done its work. */
  async timersSet(count: number): Promise<void> {
    if (this.#timers.size >= count) return;
    await new Promise<void>((reached) => {
      this.#waiter = { count, reached };
    });
    this.#waiter = undefined;
  }
}
