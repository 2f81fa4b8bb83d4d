import { randomBytes } from "node:crypto";

/** The first number of a call: with it, each up to a million has five hexadecimal digits. */
const FIRST = 0x10000;

/**
 * UUIDv7s for many new rows (at most 983,040), in order: the millisecond, bits at random that the call's ids share, a number that
 * counts up, and bits of the id's own (RFC 9562, 6.2). Randomness is asked for once: for each id it would take longer than all else
 * that a row needs.
 */
export function rowIds(count: number): string[] {
  const time = Date.now().toString(16).padStart(12, "0");
  const random = randomBytes(3 + 4 * count).toString("hex");
  const shared = `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-`;
  return Array.from({ length: count }, (_, i) => {
    const own = 6 + 7 * i;
    return `${shared}${(FIRST + i).toString(16)}${random.slice(own, own + 7)}`;
  });
}
