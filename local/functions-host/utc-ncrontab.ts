/** A parsed six-field NCRONTAB expression in UTC: the allowed values of each field, ascending. */
export interface Ncrontab {
  expression: string;
  seconds: readonly number[];
  minutes: readonly number[];
  hours: readonly number[];
  days: readonly number[];
  months: readonly number[];
  weekdays: readonly number[];
}

/** The expression is malformed. The message names the field and what was expected. */
export class NcrontabError extends Error {
  constructor(expression: string, problem: string) {
    super(`schedule "${expression}" is not a six-field NCRONTAB expression: ${problem}`);
    this.name = "NcrontabError";
  }
}

interface Field {
  name: string;
  min: number;
  max: number;
  names?: readonly string[];
}

const MONTHS = "january february march april may june july august september october november december".split(" ");
const WEEKDAYS = "sunday monday tuesday wednesday thursday friday saturday".split(" ");

const FIELDS = [
  { name: "second", min: 0, max: 59 },
  { name: "minute", min: 0, max: 59 },
  { name: "hour", min: 0, max: 23 },
  { name: "day", min: 1, max: 31 },
  { name: "month", min: 1, max: 12, names: MONTHS },
  { name: "day-of-week", min: 0, max: 6, names: WEEKDAYS },
] as const satisfies readonly Field[];

const DAY_MS = 86_400_000;
/** 29 February on a given weekday recurs within 40 years, even around 2100. */
const SEARCH_DAYS = 41 * 366;

/**
 * Reads `{second} {minute} {hour} {day} {month} {day-of-week}`: `*`, values, ranges, lists, steps, and names of months
 * and weekdays or their prefixes. Sunday is 0; L, W, # and ? are not NCRONTAB.
 *
 * @throws NcrontabError when it is malformed, or when its date never occurs
 */
export function parseNcrontab(expression: string): Ncrontab {
  const texts = expression.trim().split(/\s+/);
  if (texts.length !== 6) {
    const hint = texts.length === 5 ? ' Put the seconds first, as in "0 */5 * * * *".' : "";
    throw new NcrontabError(
      expression,
      `expected 6 fields, got ${expression.trim() === "" ? 0 : texts.length}.${hint}`,
    );
  }
  const values = FIELDS.map((field, index) => {
    try {
      return parseField(texts[index] ?? "", field);
    } catch (error) {
      throw new NcrontabError(expression, (error as Error).message);
    }
  });
  const [seconds, minutes, hours, days, months, weekdays] = values as [
    number[],
    number[],
    number[],
    number[],
    number[],
    number[],
  ];
  const schedule = { expression, seconds, minutes, hours, days, months, weekdays };
  if (!searchFrom(schedule, 0)) throw new NcrontabError(expression, "this date never occurs.");
  return schedule;
}

/** The first occurrence after `after`, never `after` itself. Day of month and day of week must both match. */
export function nextOccurrence(schedule: Ncrontab, after: Date): Date {
  const firstSecond = (Math.floor(after.getTime() / 1000) + 1) * 1000;
  const found = searchFrom(schedule, firstSecond);
  if (!found) throw new NcrontabError(schedule.expression, `it has no occurrence after ${after.toISOString()}.`);
  return found;
}

/** Whether it occurs more than once in a minute: the real host stores no status for these and catches up nothing. */
export function isSubMinute(schedule: Ncrontab): boolean {
  return schedule.seconds.length > 1;
}

function searchFrom(schedule: Ncrontab, from: number): Date | undefined {
  const firstDay = Math.floor(from / DAY_MS) * DAY_MS;
  for (let day = firstDay; day <= firstDay + SEARCH_DAYS * DAY_MS; day += DAY_MS) {
    if (!isDayAllowed(schedule, new Date(day))) continue;
    const second = firstSecondOfDay(schedule, Math.max(from - day, 0) / 1000);
    if (second !== undefined) return new Date(day + second * 1000);
  }
  return undefined;
}

function isDayAllowed({ days, months, weekdays }: Ncrontab, day: Date): boolean {
  return (
    days.includes(day.getUTCDate()) && months.includes(day.getUTCMonth() + 1) && weekdays.includes(day.getUTCDay())
  );
}

function firstSecondOfDay({ hours, minutes, seconds }: Ncrontab, from: number): number | undefined {
  for (const hour of hours) {
    if ((hour + 1) * 3600 <= from) continue;
    for (const minute of minutes) {
      const start = hour * 3600 + minute * 60;
      const second = seconds.find((candidate) => start + candidate >= from);
      if (second !== undefined) return start + second;
    }
  }
  return undefined;
}

function parseField(text: string, field: Field): number[] {
  const allowed = new Set<number>();
  for (const part of text.split(",")) {
    const { first, last, step } = parsePart(part, field);
    for (let value = first; value <= last; value += step) allowed.add(value);
  }
  return [...allowed].sort((a, b) => a - b);
}

function parsePart(part: string, field: Field): { first: number; last: number; step: number } {
  const [range = "", stepText, ...rest] = part.split("/");
  const step = stepText === undefined ? 1 : /^\d{1,3}$/.test(stepText) ? Number(stepText) : 0;
  if (step < 1 || rest.length > 0) throw new Error(`the ${field.name} field has a malformed step in "${part}".`);
  if (range === "*") return { first: field.min, last: field.max, step };
  const [low = "", high, ...more] = range.split("-");
  if (more.length > 0) throw new Error(`the ${field.name} field has a malformed range in "${part}".`);
  const first = parseValue(low, field);
  if (high === undefined) return { first, last: stepText === undefined ? first : field.max, step };
  const last = parseValue(high, field);
  // NCRONTAB accepts a range in either order.
  return { first: Math.min(first, last), last: Math.max(first, last), step };
}

function parseValue(text: string, field: Field): number {
  if (/^\d{1,3}$/.test(text)) {
    const value = Number(text);
    if (value >= field.min && value <= field.max) return value;
    throw new Error(`the ${field.name} field takes ${field.min} to ${field.max}, got ${value}.`);
  }
  const index = text === "" ? -1 : (field.names ?? []).findIndex((name) => name.startsWith(text.toLowerCase()));
  if (index >= 0) return index + field.min;
  throw new Error(`the ${field.name} field has "${text}", which is no value from ${field.min} to ${field.max}.`);
}
