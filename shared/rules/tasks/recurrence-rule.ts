import { InvalidRecurrence } from "./invalid-recurrence.ts";

/** A parsed rule of RFC 5545 (RRULE). A missing list is empty. */
export interface RecurrenceRule {
  readonly frequency: Frequency;
  readonly interval: number;
  /** Number of occurrences in total, including the first. */
  readonly count: number | null;
  readonly until: Until | null;
  /** The first day of the week; 0 is Sunday. */
  readonly weekStart: number;
  readonly weekdays: readonly RuleWeekday[];
  readonly months: readonly number[];
  readonly monthDays: readonly number[];
  readonly yearDays: readonly number[];
  readonly weekNumbers: readonly number[];
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
  readonly seconds: readonly number[];
  readonly positions: readonly number[];
}

export type Frequency = "DAILY" | "WEEKLY" | "MONTHLY" | "YEARLY";

/** `2TU` is the second Tuesday of the month or year, `-1FR` its last Friday, `MO` every Monday. */
export interface RuleWeekday {
  readonly weekday: number;
  readonly nth: number | null;
}

/** The last possible occurrence, included: an instant, or a wall time in the task's zone; in seconds. */
export type Until = { readonly instant: number } | { readonly wall: number };

/** In characters, without the folds. */
const LONGEST_RULE = 1_000;

/**
 * Parses `FREQ=MONTHLY;BYDAY=-1FR`, with or without the prefix `RRULE:`, also as the folded lines of a calendar file.
 *
 * Combinations that RFC 5545 forbids are refused. Not supported: frequencies below a day (several times a day are
 * `FREQ=DAILY;BYHOUR=9,17`), leap seconds, and DTSTART, which is the task's due date.
 * @throws InvalidRecurrence
 */
export function readRule(folded: string): RecurrenceRule {
  const text = folded.replace(FOLD, "").trim();
  if (text.length > LONGEST_RULE) throw fault(`expected at most ${LONGEST_RULE} characters, got ${text.length}`);
  const parts = partsOf(text.replace(/^RRULE:/i, ""));
  const list = (name: keyof typeof RANGES) => numbers(name, parts.get(name));
  const rule: RecurrenceRule = {
    frequency: frequencyOf(parts.get("FREQ")),
    interval: single("INTERVAL", parts.get("INTERVAL")) ?? 1,
    count: single("COUNT", parts.get("COUNT")),
    until: untilOf(parts.get("UNTIL")),
    weekStart: weekdayOf("WKST", parts.get("WKST") ?? "MO"),
    weekdays: weekdaysOf(parts.get("BYDAY")),
    months: list("BYMONTH"),
    monthDays: list("BYMONTHDAY"),
    yearDays: list("BYYEARDAY"),
    weekNumbers: list("BYWEEKNO"),
    hours: list("BYHOUR"),
    minutes: list("BYMINUTE"),
    seconds: list("BYSECOND"),
    positions: list("BYSETPOS"),
  };
  const misfit = misfitOf(rule, parts);
  if (misfit) throw fault(misfit);
  return rule;
}

/** The range of each number. Numbers that can also count from the end may be negative. */
const RANGES = {
  INTERVAL: { from: 1, to: 10_000 },
  COUNT: { from: 1, to: 10_000 },
  BYMONTH: { from: 1, to: 12 },
  BYMONTHDAY: { from: 1, to: 31, fromEnd: true },
  BYYEARDAY: { from: 1, to: 366, fromEnd: true },
  BYWEEKNO: { from: 1, to: 53, fromEnd: true },
  BYHOUR: { from: 0, to: 23 },
  BYMINUTE: { from: 0, to: 59 },
  BYSECOND: { from: 0, to: 59 },
  BYSETPOS: { from: 1, to: 366, fromEnd: true },
} satisfies Record<string, { from: number; to: number; fromEnd?: true }>;

/** RFC 5545 (3.1): a long line is split anywhere, and each further line begins with a blank or a tab. */
const FOLD = /\r?\n[ \t]/g;
const WEEKDAYS = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];
const FREQUENCIES: readonly string[] = ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"] satisfies Frequency[];
const NAMES = new Set(["FREQ", "UNTIL", "WKST", "BYDAY", ...Object.keys(RANGES)]);

function partsOf(text: string): Map<string, string> {
  const parts = new Map<string, string>();
  for (const part of text.toUpperCase().replace(/;$/, "").split(";")) {
    const [, name, value] = /^([A-Z]+)=(.+)$/.exec(part) ?? [];
    if (!name || !value) throw fault(`expected parts such as FREQ=WEEKLY with ; between them, got ${quote(part)}`);
    if (!NAMES.has(name)) throw fault(`expected one of ${[...NAMES].join(", ")}, got ${quote(name)}`);
    if (parts.has(name)) throw fault(`expected ${name} once, got it twice`);
    parts.set(name, value);
  }
  return parts;
}

function frequencyOf(value: string | undefined): Frequency {
  if (value !== undefined && FREQUENCIES.includes(value)) return value as Frequency;
  const hint = /^(HOUR|MINUTE|SECOND)LY$/.test(value ?? "")
    ? "; several times a day are written as FREQ=DAILY;BYHOUR=9,17"
    : "";
  throw fault(`FREQ: expected ${FREQUENCIES.join(", ")}, got ${quote(value ?? "nothing")}${hint}`);
}

function single(name: "INTERVAL" | "COUNT", value: string | undefined): number | null {
  return value === undefined ? null : numberOf(name, value);
}

/** Sorted, without duplicates. */
function numbers(name: keyof typeof RANGES, value: string | undefined): number[] {
  if (value === undefined) return [];
  return [...new Set(value.split(",").map((one) => numberOf(name, one)))].sort((a, b) => a - b);
}

function numberOf(name: keyof typeof RANGES, written: string): number {
  const range: { from: number; to: number; fromEnd?: true } = RANGES[name];
  const value = /^[+-]?\d{1,5}$/.test(written) ? Number(written) : NaN;
  const size = range.fromEnd ? Math.abs(value) : value;
  if (size >= range.from && size <= range.to) return value;
  const counted = range.fromEnd ? ", or as many from the end with a minus" : "";
  throw fault(`${name}: expected a whole number from ${range.from} to ${range.to}${counted}, got ${quote(written)}`);
}

function weekdaysOf(value: string | undefined): RuleWeekday[] {
  return (value?.split(",") ?? []).map((written) => {
    const [, nth, day] = /^([+-]?\d{1,2})?([A-Z]{2})$/.exec(written) ?? [];
    if (nth !== undefined && (Number(nth) === 0 || Math.abs(Number(nth)) > 53)) {
      throw fault(`BYDAY: expected a number from 1 to 53 or from -53 to -1, got ${quote(written)}`);
    }
    return { weekday: weekdayOf("BYDAY", day ?? written), nth: nth === undefined ? null : Number(nth) };
  });
}

function weekdayOf(name: string, written: string): number {
  const weekday = WEEKDAYS.indexOf(written);
  if (weekday >= 0) return weekday;
  throw fault(`${name}: expected ${WEEKDAYS.join(", ")}, got ${quote(written)}`);
}

/** A date without a time means the end of that day. */
function untilOf(value: string | undefined): Until | null {
  if (value === undefined) return null;
  const [, year, month, day, hour = "23", minute = "59", second = "59", utc] =
    /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z)?)?$/.exec(value) ?? [];
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`);
  // JavaScript rolls 30 February over to March instead of refusing it.
  if (Number.isNaN(at.getTime()) || at.getUTCDate() !== Number(day)) {
    throw fault(`UNTIL: expected 20261231 or 20261231T235959Z, got ${quote(value)}`);
  }
  return utc ? { instant: at.getTime() / 1_000 } : { wall: at.getTime() / 1_000 };
}

/** The combinations that RFC 5545 (3.3.10) forbids. */
function misfitOf(rule: RecurrenceRule, parts: ReadonlyMap<string, string>): string | undefined {
  const { frequency, weekdays } = rule;
  const only = (name: string, ...frequencies: Frequency[]) =>
    parts.has(name) && !frequencies.includes(frequency)
      ? `${name} goes with FREQ=${frequencies.join(" or ")}, not with ${frequency}`
      : undefined;
  if (parts.has("COUNT") && parts.has("UNTIL")) return "expected COUNT or UNTIL, got both";
  if (weekdays.some(({ nth }) => nth !== null)) {
    if (frequency !== "MONTHLY" && frequency !== "YEARLY") return `BYDAY: expected no numbers with FREQ=${frequency}`;
    if (parts.has("BYWEEKNO")) return "BYDAY: expected no numbers beside BYWEEKNO";
  }
  if (parts.has("BYSETPOS") && ![...parts.keys()].some((name) => name.startsWith("BY") && name !== "BYSETPOS")) {
    return "BYSETPOS: expected another BY part to select from";
  }
  return only("BYWEEKNO", "YEARLY") ?? only("BYYEARDAY", "YEARLY") ?? only("BYMONTHDAY", "DAILY", "MONTHLY", "YEARLY");
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

function fault(reason: string): InvalidRecurrence {
  return new InvalidRecurrence("recurrence_rule", reason);
}
