import type { Clock } from "#local/functions-host/clock.ts";

/** A clock that stands still until it is moved. */
export interface ManualClock extends Clock {
  /** Moves to this time, and wakes whatever waited for it or for less, earliest first. */
  moveTo(time: Date): void;
  /** The times that are waited for, ascending, as ISO texts. */
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
