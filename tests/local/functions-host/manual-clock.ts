import type { TimerClock, WakeCause } from "#local/functions-host/timer-clock.ts";

/** A clock that changes only when the test moves it. */
export interface ManualClock extends TimerClock {
  /** Moves to this time, and wakes all due timers, earliest first. After a move back all timers set later wake. */
  moveTo(time: Date): void;
  /** The times of the pending timers, ascending, as ISO strings. */
  waits(): string[];
}

export function manualClock(start: string): ManualClock {
  let now = new Date(start);
  let timers: { at: Date; setAt: Date; wake: (cause: WakeCause) => void }[] = [];

  function wakeDue(): void {
    const due = timers
      .filter(({ at, setAt }) => at <= now || now < setAt)
      .sort((a, b) => a.at.getTime() - b.at.getTime());
    timers = timers.filter((timer) => !due.includes(timer));
    for (const { at, wake } of due) setImmediate(wake, at <= now ? "reached" : "set back");
  }

  return {
    now: () => now,
    setTimer(at, wake) {
      const timer = { at, setAt: now, wake };
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
