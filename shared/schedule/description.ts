import type { Field } from "./field.ts";
import { runsOf, sizeOf, stepOf } from "./field.ts";
import type { Ncrontab } from "./ncrontab.ts";
import type { Schedule } from "./schedule.ts";

/**
 * Describes a schedule in one English phrase: "every day at 16:30 Europe/Berlin", "every 5 minutes". The zone is named
 * unless every hour of every day is alike.
 */
export function describeSchedule({ fields, zone }: Schedule): string {
  const days = daysOf(fields);
  const times = clockTimesOf(fields);
  if (times) return `${days || "every day"} at ${list(times)} ${zone}`;

  const rhythm = [rhythmOf(fields), hoursOf(fields)].filter(Boolean).join(" ");
  const isAlike = !days && isAll(fields.hour);
  return isAlike ? rhythm : [rhythm, days, zone].filter(Boolean).join(", ");
}

/** More clock times than these are too many for a list. */
const MOST_TIMES = 4;

function clockTimesOf({ second, minute, hour }: Ncrontab): string[] | null {
  if (isAll(hour) || second.values.length * minute.values.length * hour.values.length > MOST_TIMES) return null;
  return hour.values.flatMap((h) => minute.values.flatMap((m) => second.values.map((s) => clock(h, m, s))));
}

function rhythmOf({ second, minute, hour }: Ncrontab): string {
  const seconds = everyOf(second);
  if (seconds) return isAll(minute) ? seconds : `${seconds} in ${nthOf(minute) ?? count(minute)}`;

  const minutes = everyOf(minute);
  if (minutes) return isZero(second) ? minutes : `${minutes} at ${count(second)}`;

  const hours = everyOf(hour) ?? "every hour";
  if (!isZero(second)) return `${hours} at ${count(minute)} and ${count(second)}`;
  return isZero(minute) ? hours : `${hours} at ${count(minute)}`;
}

/** The hours in which an interval of minutes or seconds applies, where these are not all. */
function hoursOf({ second, minute, hour }: Ncrontab): string {
  if (isAll(hour)) return "";
  const isOfHours = !everyOf(second) && !everyOf(minute);
  const nth = nthOf(hour);
  if (nth) return isOfHours ? "" : `in ${nth}`;

  const [from = 0, to = from] = [minute.values[0], minute.values.at(-1)];
  const spans = runsOf(hour.values).map((run) => `${clock(run[0] ?? 0, from)} to ${clock(run.at(-1) ?? 0, to)}`);
  return `from ${list(spans)}`;
}

function daysOf({ day, month, weekday }: Ncrontab): string {
  const months = isAll(month) ? "" : list(spansOf(month.values, (value) => nameOf(month, value)));
  const weekdays = isAll(weekday) ? [] : spansOf(weekday.values, (value) => nameOf(weekday, value));
  if (isAll(day)) {
    const days = weekdays.length > 0 ? `every ${list(weekdays)}` : "";
    return months ? `${days || "every day"} in ${months}` : days;
  }
  const dates = `on the ${list(spansOf(day.values, ordinal))} of ${months || "every month"}`;
  return weekdays.length > 0 ? `${dates} if it is ${list(weekdays, "or")}` : dates;
}

/** "every minute", "every 5 minutes"; `null` when the step does not divide the field evenly. */
function everyOf(field: Field): string | null {
  const { name } = field.kind;
  if (isAll(field)) return `every ${name}`;
  const step = stepOf(field);
  return step && sizeOf(field.kind) % step === 0 ? `every ${step} ${name}s` : null;
}

/** "every 5th minute"; `null` when the step does not divide the field evenly. */
function nthOf(field: Field): string | null {
  return everyOf(field) && `every ${ordinal(stepOf(field) ?? 1)} ${field.kind.name}`;
}

/** "minute 15", "minutes 0 and 40". */
function count({ kind, values }: Field): string {
  return `${kind.name}${values.length > 1 ? "s" : ""} ${list(spansOf(values, String))}`;
}

function spansOf(values: readonly number[], say: (value: number) => string): string[] {
  return runsOf(values).flatMap((run) =>
    run.length < 3 ? run.map(say) : [`${say(run[0] ?? 0)} to ${say(run.at(-1) ?? 0)}`],
  );
}

function list(parts: readonly string[], word = "and"): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} ${word} ${String(parts.at(-1))}`;
}

function isAll({ kind, values }: Field): boolean {
  return values.length === sizeOf(kind);
}

function isZero({ values }: Field): boolean {
  return values.length === 1 && values[0] === 0;
}

function clock(hour: number, minute: number, second = 0): string {
  const parts = second === 0 ? [hour, minute] : [hour, minute, second];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

function nameOf({ kind }: Field, value: number): string {
  const name = kind.names[value - kind.min] ?? "";
  return name.slice(0, 1) + name.slice(1).toLowerCase();
}

function ordinal(value: number): string {
  const suffixes: Record<number, string> = { 1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st" };
  return `${value}${suffixes[value] ?? "th"}`;
}
