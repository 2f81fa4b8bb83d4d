/** Time as the timers see it, so that a test or a time machine can drive it. */
export interface Clock {
  now(): Date;
  /** Calls `wake` once `now()` has reached `at`, in a later turn of the event loop and never in this one. */
  setTimer(at: Date, wake: () => void): Disposable;
}

/**
 * The longest single wait. setTimeout counts no time while a laptop sleeps, and overflows beyond 24.8 days: looking at the
 * wall clock this often cures both.
 */
const LONGEST_WAIT_MS = 30_000;

export const systemClock: Clock = {
  now: () => new Date(),

  setTimer(at, wake) {
    let timeout: NodeJS.Timeout;
    const wait = () => {
      const remaining = at.getTime() - Date.now();
      timeout = setTimeout(look, Math.min(Math.max(remaining, 0), LONGEST_WAIT_MS));
    };
    const look = () => {
      // A timeout may end a millisecond early, and a tick must not come before its time.
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
