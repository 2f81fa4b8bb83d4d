import { randomBytes } from "node:crypto";

/** The counter starts here, so that it always has five hexadecimal digits. */
const FIRST = 0x10000;

/**
 * UUIDv7s for many new rows (at most 983,040), ascending: the millisecond, random bits that the ids of a call share, a
 * counter, and random bits per id (RFC 9562, section 6.2). One call for random bytes: one per id would cost more than
 * the rest of the row.
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
