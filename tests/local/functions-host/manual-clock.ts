import type { TimerClock } from "#local/functions-host/timer-clock.ts";

/** A clock that changes only when the test moves it. */
export interface ManualClock extends TimerClock {
  /** Moves to this time, and wakes all due timers, earliest first. */
  moveTo(time: Date): void;
  /** The times of the pending timers, ascending, as ISO strings. */
  waits(): string[];
}

export function manualClock(start: string): ManualClock {
  let now = new Date(start);
  let timers: { at: Date; wake: () => void }[] = [];

  function wakeDue(): void {
    const due = timers.filter(({ at }) => at <= now).sort((a, b) => a.at.getTime() - b.at.getTime());
    timers = timers.filter((timer) => !due.includes(timer));
    for (const { wake } of due) setImmediate(wake);
  }

  return {
    now: () => now,
    setTimer(at, wake) {
      const timer = { at, wake };
      timers.push(timer);
      wakeDue();
      return {
        [Symbol.dispose]() {
          timers = timers.filter((other) => other !== timer);
        },
      };
    },
    moveTo(time) {
      now = time;
      wakeDue();
    },
    waits: () => timers.map(({ at }) => at.toISOString()).sort(),
  };
}
