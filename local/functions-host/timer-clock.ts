/** The clock of the timers. A test or the time machine can replace it. */
export interface TimerClock {
  now(): Date;
  /** Calls `wake` once `now()` has reached `at`, in a later turn of the event loop and never in this one. */
  setTimer(at: Date, wake: () => void): Disposable;
}

/**
 * The longest single wait. setTimeout does not count the sleep of a laptop, and overflows beyond 24.8 days: reading the
 * wall clock this often solves both.
 */
const LONGEST_WAIT_MS = 30_000;

export const systemClock: TimerClock = {
  now: () => new Date(),

  setTimer(at, wake) {
    let timeout: NodeJS.Timeout;
    const wait = () => {
      const remaining = at.getTime() - Date.now();
      timeout = setTimeout(check, Math.min(Math.max(remaining, 0), LONGEST_WAIT_MS));
    };
    const check = () => {
      // A timeout may end a millisecond early, and a timer must not fire before its time.
      if (Date.now() >= at.getTime()) wake();
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
