import { randomBytes } from "node:crypto";
import { v7 as uuidv7 } from "uuid";

/** UUIDv7s for many new rows, in order. Randomness is asked for once: for each id it would take longer than all else that a row needs. */
export function rowIds(count: number): string[] {
  const random = randomBytes(16 * (count + 1));
  const msecs = Date.now();
  // One bit less than it may have, so that counting on does not begin anew.
  const first = random.readUInt32BE(16 * count) >>> 1;
  return Array.from({ length: count }, (_, i) =>
    uuidv7({ msecs, seq: first + i, random: random.subarray(16 * i, 16 * i + 16) }),
  );
}
