/**
 * The definition of an occurrence, written down as naively as it can be, to check the real thing against: look at the
 * clock on the wall minute by minute. Shares no code with the module.
 */

/** What the wall clock shows at an instant, both in seconds since 1970 (the wall's as if it were UTC). */
export interface Sighting {
  readonly instant: number;
  readonly wall: number;
}

export interface Change {
  readonly instant: number;
  readonly before: number;
  readonly after: number;
}

const FORMAT = { dateStyle: "short", timeStyle: "medium" } as const;
const formats = new Map<string, Intl.DateTimeFormat>();

export function wallClock(zone: string): (instant: number) => number {
  // Making a format takes longer than using it a hundred times.
  const format = formats.get(zone) ?? new Intl.DateTimeFormat("sv-SE", { ...FORMAT, timeZone: zone });
  formats.set(zone, format);
  return (instant) => Date.parse(`${format.format(instant * 1000).replace(" ", "T")}Z`) / 1000;
}

/** The changes of the clocks between two instants. None in the world are within three days of each other. */
export function changesOf(zone: string, from: number, to: number): Change[] {
  const wall = wallClock(zone);
  const offset = (instant: number) => wall(instant) - instant;
  const changes: Change[] = [];
  const step = 3 * 86_400;
  let before = offset(from);
  for (let instant = from; instant < to; instant += step) {
    const after = offset(instant + step);
    if (after === before) continue;
    let [low, high] = [instant / 60, (instant + step) / 60];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (offset(middle * 60) === before) low = middle;
      else high = middle;
    }
    changes.push({ instant: high * 60, before, after });
    before = after;
  }
  return changes;
}

export function watch(zone: string, from: number, to: number): Sighting[] {
  const wall = wallClock(zone);
  const sightings: Sighting[] = [];
  for (let instant = from; instant < to; instant += 60) sightings.push({ instant, wall: wall(instant) });
  return sightings;
}

/**
 * The occurrences among the sightings, which must begin before any repeated or skipped time that matters. A minute is
 * due if its wall time matches and, unless the expression is an interval, was not seen before; a minute before which
 * the clock skipped a matching time is due at its first second.
 */
export function occurrencesAmong(expression: string, sightings: readonly Sighting[]): number[] {
  const fields = expression.split(" ");
  const isInterval = fields.slice(0, 3).some((field) => /[*/-]/.test(field));
  const { seconds, matchesMinute } = readExpression(expression);
  const seen = new Set<number>();
  const due = new Set<number>();
  let expected = sightings[0]?.wall ?? 0;
  for (const { instant, wall } of sightings) {
    // Since 1972 offsets are whole minutes: the seconds of a minute stand or fall with it.
    if (wall % 60 !== 0) throw new RangeError(`expected a whole minute on the wall, got ${wall}`);
    for (let skipped = expected; skipped < wall; skipped += 60) {
      if (seconds.size > 0 && matchesMinute(skipped)) due.add(instant);
    }
    const isFirst = !seen.has(wall);
    seen.add(wall);
    if ((isFirst || isInterval) && matchesMinute(wall)) for (const second of seconds) due.add(instant + second);
    expected = wall + 60;
  }
  return [...due].sort((a, b) => a - b);
}

/** Whether a wall time (or, of a UTC expression, an instant) matches. Numbers only. */
export function matcher(expression: string): (wall: number) => boolean {
  const { seconds, matchesMinute } = readExpression(expression);
  return (wall) => seconds.has(((wall % 60) + 60) % 60) && matchesMinute(wall);
}

interface Expression {
  readonly seconds: ReadonlySet<number>;
  /** Whether the minute of a wall time matches, whatever its second. */
  readonly matchesMinute: (wall: number) => boolean;
}

const expressions = new Map<string, Expression>();

function readExpression(expression: string): Expression {
  const known = expressions.get(expression);
  if (known) return known;
  const [seconds = new Set<number>(), minutes, hours, days, months, weekdays] = expression.split(" ").map(readSet);
  const read: Expression = {
    seconds,
    matchesMinute: (wall) => {
      const date = new Date(wall * 1000);
      return (
        has(minutes, date.getUTCMinutes()) &&
        has(hours, date.getUTCHours()) &&
        has(days, date.getUTCDate()) &&
        has(months, date.getUTCMonth() + 1) &&
        has(weekdays, date.getUTCDay())
      );
    },
  };
  expressions.set(expression, read);
  return read;
}

function readSet(text: string, field: number): Set<number> {
  const least = field === 3 || field === 4 ? 1 : 0;
  const most = [59, 59, 23, 31, 12, 6][field] ?? 0;
  const set = new Set<number>();
  for (const part of text.split(",")) {
    const [span = "", step] = part.split("/");
    const [low = 0, high = step ? most : low] = span === "*" ? [least, most] : span.split("-").map(Number);
    for (let value = low; value <= high; value += Number(step ?? 1)) set.add(value);
  }
  return set;
}

function has(set: Set<number> | undefined, value: number): boolean {
  return set?.has(value) ?? false;
}
