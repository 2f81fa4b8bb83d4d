import { SECONDS_A_DAY } from "./calendar.ts";

/** The offsets of one IANA zone over time. Instants and offsets are whole seconds; an offset is wall time minus UTC. */
export interface Zone {
  readonly name: string;
  readonly offsetAt: (instant: number) => number;
  readonly eras: Map<number, Stretch[]>;
}

/** Instants `[start, end)` with one offset. It starts at a clock change, if any, and may end before the next. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly offset: number;
  /** The offset before `start`. */
  readonly offsetBefore: number;
}

/**
 * Two changes closer together than this that cancel out would be missed. The closest ones of any zone since 1972, and
 * by today's rules until 2100, are 6.96 days apart (Brazil in October 2000, Gaza in October 2040).
 */
const SAMPLING = 6 * SECONDS_A_DAY;
/** Stretches are computed and cached for about a year at a time. */
const ERA = 61 * SAMPLING;
const UTC_NAMES = new Set(["UTC", "Etc/UTC"]);
const zones = new Map<string, Zone>();

/** The zone of that name. @throws RangeError when this runtime has none */
export function zoneOf(name: string): Zone {
  let zone = zones.get(name);
  if (!zone) {
    zone = { name, offsetAt: UTC_NAMES.has(name) ? () => 0 : offsetReader(name), eras: new Map() };
    zones.set(name, zone);
  }
  return zone;
}

/** The stretch that contains an instant. */
export function stretchAt(zone: Zone, instant: number): Stretch {
  const stretches = stretchesOf(zone, Math.floor(instant / ERA));
  const found = stretches.find((stretch) => instant < stretch.end);
  if (!found) throw new RangeError(`expected an instant that a Date can hold, got ${instant} s`);
  return found;
}

/** Every stretch that overlaps `[from, to)`, in order. */
export function* stretchesBetween(zone: Zone, from: number, to: number): Generator<Stretch> {
  for (let stretch = stretchAt(zone, from); ; stretch = stretchAt(zone, stretch.end)) {
    yield stretch;
    if (stretch.end >= to) return;
  }
}

function stretchesOf(zone: Zone, era: number): Stretch[] {
  let stretches = zone.eras.get(era);
  if (!stretches) {
    stretches = findStretches(zone, era * ERA, (era + 1) * ERA);
    zone.eras.set(era, stretches);
  }
  return stretches;
}

/** Starts one sample before `from`: a stretch that starts there must have the offset before it. */
function findStretches(zone: Zone, from: number, to: number): Stretch[] {
  const stretches: Stretch[] = [];
  let start = from - SAMPLING;
  let offset = zone.offsetAt(start);
  let offsetBefore = offset;
  if (UTC_NAMES.has(zone.name)) return [{ start, end: to, offset, offsetBefore }];

  for (let sampled = start; sampled < to; sampled += SAMPLING) {
    const later = zone.offsetAt(sampled + SAMPLING);
    if (later === offset) continue;
    const change = changeWithin(zone, sampled, sampled + SAMPLING);
    if (change > from) stretches.push({ start, end: change, offset, offsetBefore });
    offsetBefore = offset;
    [start, offset] = [change, later];
  }
  stretches.push({ start, end: to, offset, offsetBefore });
  return stretches;
}

/** The first second of the new offset, which starts after `low` and not later than `high`. */
function changeWithin(zone: Zone, low: number, high: number): number {
  const before = zone.offsetAt(low);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (zone.offsetAt(middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

function offsetReader(name: string): (instant: number) => number {
  // A format needs a field, and the seconds are the fastest one.
  const format = new Intl.DateTimeFormat("en-US", { timeZone: name, second: "numeric", timeZoneName: "longOffset" });
  return (instant) => {
    const text = format.format(instant * 1000);
    return readOffset(text.slice(text.lastIndexOf("GMT") + 3));
  };
}

/** Reads "", "+05:45" or, as before 1972 in Liberia, "-00:44:30". */
function readOffset(text: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = text.slice(1).split(":").map(Number);
  const size = hours * 3600 + minutes * 60 + seconds;
  return text.startsWith("-") ? -size : size;
}
