import type { Clock } from "#local/functions-host/clock.ts";

interface Timer {
  readonly at: number;
  readonly wake: () => void;
}

/** Time that stands still while anything is being done, and jumps to what comes next. */
export class SimulatedClock implements Clock {
  #now: number;
  readonly #timers = new Set<Timer>();
  #watch: { readonly count: number; readonly reached: () => void } | undefined;

  constructor(start: Date) {
    this.#now = start.getTime();
  }

  now(): Date {
    return new Date(this.#now);
  }

  setTimer(at: Date, wake: () => void): Disposable {
    const timer = { at: at.getTime(), wake };
    this.#timers.add(timer);
    if (this.#watch && this.#timers.size >= this.#watch.count) this.#watch.reached();
    return {
      [Symbol.dispose]: () => {
        this.#timers.delete(timer);
      },
    };
  }

  /** When the next timer is due; null when none is set. A time that is past means: now. */
  get next(): Date | null {
    const earliest = Math.min(...[...this.#timers].map(({ at }) => at));
    return Number.isFinite(earliest) ? new Date(Math.max(earliest, this.#now)) : null;
  }

  /** Jumps to an instant, which wakes nobody yet. Time does not run backwards. */
  moveTo(instant: Date): void {
    this.#now = Math.max(this.#now, instant.getTime());
  }

  /** Wakes the timers that are due, as the contract of a clock has it: in a later turn. */
  wakeDue(): void {
    for (const timer of [...this.#timers]) {
      if (timer.at > this.#now) continue;
      this.#timers.delete(timer);
      setImmediate(timer.wake);
    }
  }

  /** Resolves once so many timers are set: whoever was woken has done its work and waits for its next time. */
  async set(count: number): Promise<void> {
    if (this.#timers.size >= count) return;
    await new Promise<void>((reached) => {
      this.#watch = { count, reached };
    });
    this.#watch = undefined;
  }
}
