/** The first delay of a retry job; each further one is twice as long. */
const FIRST_MS = 2_000;
const LONGEST_MS = 60_000;
/** The largest part of a delay that is added to it, so that rows that failed together return apart. */
const JITTER = 0.1;

/**
 * Milliseconds until the next attempt: 2, 4, 8, 16, 32 s, then 60 s, and up to a tenth more.
 * @param attempts failed ones, from 1
 * @param random in [0, 1)
 */
export function retryJobDelay(attempts: number, random: number): number {
  const delay = Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempts - 1));
  return Math.round(delay * (1 + JITTER * random));
}
