import { stretchesBetween, zoneOf } from "./zone.ts";

/** An instant at which the clocks of a zone go forward or back. */
export interface ClockChange {
  readonly zone: string;
  readonly at: Date;
  /** `+01:00`; with seconds where the zone has them. */
  readonly from: string;
  readonly to: string;
}

/** The changes of a zone's clocks from an instant (included) to another (excluded), in order. */
export function clockChanges(zone: string, from: Date, to: Date): ClockChange[] {
  const [first, end] = [Math.ceil(from.getTime() / 1000), Math.ceil(to.getTime() / 1000)];
  if (!(first < end)) return [];
  const changes = new Map<number, ClockChange>();
  // By their instant: two neighbouring stretches may have the same change.
  for (const { start, offset, offsetBefore } of stretchesBetween(zoneOf(zone), first, end)) {
    if (start < first || start >= end || offset === offsetBefore) continue;
    changes.set(start, { zone, at: new Date(start * 1000), from: written(offsetBefore), to: written(offset) });
  }
  return [...changes.values()];
}

function written(offset: number): string {
  const size = Math.abs(offset);
  const parts = [Math.floor(size / 3600), Math.floor(size / 60) % 60, size % 60].map((n) => String(n).padStart(2, "0"));
  return `${offset < 0 ? "-" : "+"}${(parts[2] === "00" ? parts.slice(0, 2) : parts).join(":")}`;
}
