import rrule from "rrule";

/** A series and how late each of its tasks is completed: the input of the oracle and of the code under test. */
export interface RandomSeries {
  /** The due date of the first task, on a whole second. */
  readonly due: Date;
  readonly zone: string;
  /** Without COUNT and UNTIL. */
  readonly rule: string;
  readonly count: number | null;
  /** A wall time as a UTC date. */
  readonly until: Date | null;
  /** Milliseconds between the due date of each task and its completion; 0 for tasks completed in time. */
  readonly delays: readonly number[];
}

export interface ExpectedSeries {
  readonly dues: readonly string[];
  /** `unknown`: the further occurrences are beyond those that the library was asked for. */
  readonly then: "ended" | "more" | "unknown";
}

const MOST = 80;
const YEARS = 12;

/**
 * The due dates of the following tasks, from the library `rrule` and the clocks of `Intl` alone: occurrences from the
 * first task on, each mapped to an instant, of which each completion takes the first later one.
 */
export function expectedSeries({ due, zone, rule, count, until, delays }: RandomSeries): ExpectedSeries {
  const clock = clockOf(zone);
  const start = new Date(clock(due.getTime()));
  const horizon = new Date(start.getTime() + YEARS * 366 * 86_400_000);
  const library = new rrule.RRule({ ...rrule.RRule.parseString(rule), dtstart: start, until: horizon });
  // The library repeats an occurrence that two positions name.
  const walls = [...new Set(library.all((_, index) => index < MOST).map((at) => at.getTime()))];
  // The first task counts, also where the rule does not name its time.
  const following = walls.filter((wall) => wall > start.getTime());
  const counted = following.slice(0, count === null ? MOST : count - 1);
  const allowed = counted.filter((wall) => until === null || wall <= until.getTime());
  const isUntil = until !== null && (allowed.length < counted.length || walls.length < MOST / 2);
  const isEnded = isUntil || allowed.length + 1 === count;

  const dues: string[] = [];
  let last = due.getTime();
  let rest = allowed.map((wall) => instantOn(clock, wall));
  for (const delay of delays) {
    const next = rest.findIndex((instant) => instant > last + delay);
    if (next < 0) return { dues, then: isEnded ? "ended" : "unknown" };
    last = rest[next]!;
    dues.push(new Date(last).toISOString());
    rest = rest.slice(next + 1);
  }
  return { dues, then: "more" };
}

/** Milliseconds of the wall time at an instant. */
type Clock = (instant: number) => number;

function clockOf(zone: string): Clock {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (instant) => {
    const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
    return Date.UTC(parts.year!, parts.month! - 1, parts.day, parts.hour, parts.minute, parts.second);
  };
}

/** The first instant with this wall time, or the first one after the gap that skips it. */
export function instantOn(clock: Clock, wall: number): number {
  const around = [-2, -1, 0, 1, 2].map((days) => wall + days * 86_400_000);
  const offsets = [...new Set(around.map((instant) => clock(instant) - instant))];
  const found = offsets.map((offset) => wall - offset).filter((instant) => clock(instant) === wall);
  if (found.length > 0) return Math.min(...found);
  let [low, high] = [Math.min(...offsets.map((offset) => wall - offset)), Math.max(...offsets.map((o) => wall - o))];
  while (high - low > 1_000) {
    const middle = Math.floor((low + high) / 2_000) * 1_000;
    if (clock(middle) < wall) low = middle;
    else high = middle;
  }
  return high;
}
