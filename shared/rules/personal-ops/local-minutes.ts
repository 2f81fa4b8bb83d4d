import { civilDateIn, wallTimeIn } from "../civil-date.ts";

const MINUTE_MS = 60_000;
/** Zones change their offset at whole quarters of an hour. */
const QUARTER_MS = 15 * MINUTE_MS;

/**
 * Returns a clock of an IANA time zone: the minutes from 1970-01-01T00:00 on its wall to that of an instant. It asks
 * for the zone's offset once a quarter of an hour.
 * @throws RangeError for an unknown zone
 */
export function wallClockOf(zone: string): (at: Date) => number {
  const offsets = new Map<number, number>();
  return (at) => {
    const quarter = Math.floor(at.getTime() / QUARTER_MS);
    let offset = offsets.get(quarter);
    if (offset === undefined) offsets.set(quarter, (offset = offsetAt(zone, quarter * QUARTER_MS)));
    return Math.floor((at.getTime() + offset) / MINUTE_MS);
  };
}

/** Milliseconds by which the wall clock is ahead of UTC. */
function offsetAt(zone: string, ms: number): number {
  const instant = new Date(ms);
  return Date.parse(`${civilDateIn(zone, instant)}T${wallTimeIn(zone, instant)}:00Z`) - ms;
}
