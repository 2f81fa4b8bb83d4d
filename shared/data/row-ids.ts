import { randomBytes, randomInt } from "node:crypto";

/** The counter starts and ends here, so that it always has five hexadecimal digits. */
const [FIRST, LAST] = [0x10000, 0xfffff];
/** Below the largest of the shared random bits, so that these can count up too. */
const MAX_RANDOM = 0xff0000;

/** The millisecond of the last ids, their shared random bits and the next value of the counter. */
let last = { ms: -1, random: randomInt(MAX_RANDOM), next: FIRST };

/** The UUIDv7 of a new row: see `rowIds`. */
export function rowId(at: Date): string {
  return rowIds(1, at)[0]!;
}

/**
 * UUIDv7s of new rows (at most 983,040): the millisecond, random bits that the ids of a millisecond share, a counter,
 * and random bits per id (RFC 9562, section 6.2). Ids of a process ascend while its clock does, also within a
 * millisecond. One call for random bytes: one per id would cost more than the rest of the row.
 * @param at the time of the app's clock: that of the process may be wrong, and lists are in the order of ids
 */
export function rowIds(count: number, at: Date): string[] {
  const ms = Math.max(0, at.getTime());
  const first = reserve(count, ms);
  const shared = last.random.toString(16).padStart(6, "0");
  const time = ms.toString(16).padStart(12, "0");
  const prefix = `${time.slice(0, 8)}-${time.slice(8)}-7${shared.slice(0, 3)}-8${shared.slice(3)}-`;
  const random = randomBytes(4 * count).toString("hex");
  return Array.from({ length: count }, (_, i) => {
    return `${prefix}${(first + i).toString(16)}${random.slice(8 * i, 8 * i + 7)}`;
  });
}

/** Takes values of the counter. @returns the first of them */
function reserve(count: number, ms: number): number {
  // Counted up, never drawn again: ids also ascend where two clocks of a process take turns.
  if (ms !== last.ms) last = { ms, random: (last.random + 1) % MAX_RANDOM, next: FIRST };
  else if (last.next + count - 1 > LAST) last = { ms, random: last.random + 1, next: FIRST };
  const first = last.next;
  last.next += count;
  return first;
}
