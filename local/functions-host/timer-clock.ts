/** Why a timer of the clock wakes: its time is reached, or the clock is behind the time at which the timer was set. */
export type WakeCause = "reached" | "set back";

/** The clock of the timers. A test or the time machine can replace it. */
export interface TimerClock {
  now(): Date;
  /** Calls `wake` once, in a later turn of the event loop and never in this one. */
  setTimer(at: Date, wake: (cause: WakeCause) => void): Disposable;
}

/**
 * The longest single wait. setTimeout does not count the sleep of a laptop or a step of the wall clock, and overflows
 * beyond 24.8 days: reading the wall clock this often solves all three.
 */
const LONGEST_WAIT_MS = 30_000;

export const systemClock: TimerClock = {
  now: () => new Date(),

  setTimer(at, wake) {
    const setAt = Date.now();
    let timeout: NodeJS.Timeout;
    const wait = () => {
      const remaining = at.getTime() - Date.now();
      timeout = setTimeout(check, Math.min(Math.max(remaining, 0), LONGEST_WAIT_MS));
    };
    const check = () => {
      // A timeout may end a millisecond early, and a timer must not fire before its time.
      const now = Date.now();
      if (now >= at.getTime()) wake("reached");
      else if (now < setAt) wake("set back");
      else wait();
    };
    wait();
    return {
      [Symbol.dispose]() {
        clearTimeout(timeout);
      },
    };
  },
};
