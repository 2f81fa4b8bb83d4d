import { wallClockOf } from "./local-minutes.ts";
import { type ActionFact, confidenceOf, fingerprintOf, type Pattern } from "./pattern.ts";

const LEAST_DAYS = 3;
const DAY = 1_440;
/** Minutes of the day that count as one time of day. */
const WINDOW = 30;

/**
 * Actions by hand at the same local time of day on at least 3 days: within one window of 30 minutes, which may cross
 * midnight; several in the window of one day count once. Only windows with an action since `since` count, so that a
 * habit of the past is none. An action has one pattern, that of its best window, and the fingerprint is that of the
 * action.
 *
 * The confidence counts the days with the action among all days from the first to the last of them: see
 * `confidenceOf`.
 * @param facts of the last 14 days, in any order
 * @throws RangeError for an unknown zone
 */
export function dailyActions(
  facts: readonly ActionFact[],
  { since, zone }: { readonly since: Date; readonly zone: string },
): Pattern[] {
  const wallClock = wallClockOf(zone);
  const byHand = facts.filter(({ isByHand }) => isByHand);
  return [...Map.groupBy(byHand, ({ action }) => action)].flatMap(([action, done]) => {
    const times = done.map(({ at }) => ({ minutes: wallClock(at), isRecent: at >= since }));
    const best = bestWindow(times);
    if (!best || best.days < LEAST_DAYS) return [];
    const { days, of } = best;
    const [from, to] = [timeOfDay(best.from), timeOfDay(best.to)];
    return {
      type: "daily_action",
      fingerprint: fingerprintOf("daily_action", action),
      confidence: confidenceOf(days, of),
      title: `${action} is done by hand on ${days} of ${of} days between ${from} and ${to} (${zone})`,
      offer: `Do ${action} at ${from} (${zone}) each day without a person.`,
      evidence: { action, days, of, from, to, zone },
    };
  });
}

interface Time {
  /** On the wall clock since 1970. */
  readonly minutes: number;
  readonly isRecent: boolean;
}

interface Window {
  /** Minutes of the day of the first and last action in it. */
  readonly from: number;
  readonly to: number;
  readonly days: number;
  /** The days from the first to the last. */
  readonly of: number;
}

/** The window with the most days; of equal ones, the earliest in the day. */
function bestWindow(times: readonly Time[]): Window | undefined {
  const marks = marksOf(times);
  const days = new Map<number, number>();
  let recent = 0;
  let end = 0;
  let best: { readonly start: number; readonly end: number; readonly days: number } | undefined;
  for (const [start, { minute, day, isRecent }] of marks.entries()) {
    if (minute >= DAY) break;
    for (; end < marks.length && marks[end]!.minute < minute + WINDOW; end++) {
      const added = marks[end]!;
      days.set(added.day, (days.get(added.day) ?? 0) + 1);
      if (added.isRecent) recent++;
    }
    if (recent > 0 && days.size > (best?.days ?? 0)) best = { start, end, days: days.size };
    const left = days.get(day)! - 1;
    if (left > 0) days.set(day, left);
    else days.delete(day);
    if (isRecent) recent--;
  }
  return best && windowOf(marks.slice(best.start, best.end), best.days);
}

interface Mark {
  /** Minute of the day; of a mark after midnight in a window that begins before it, 24 hours more. */
  readonly minute: number;
  /** The day on which its window begins. */
  readonly day: number;
  readonly isRecent: boolean;
}

/** One mark for each minute of each day, by minute; those soon after midnight also as the end of the day before. */
function marksOf(times: readonly Time[]): Mark[] {
  const minutes = new Map<number, boolean>();
  for (const { minutes: at, isRecent } of times) minutes.set(at, isRecent || (minutes.get(at) ?? false));
  const marks = [...minutes].flatMap(([at, isRecent]): Mark[] => {
    const day = Math.floor(at / DAY);
    const minute = at - day * DAY;
    const mark = { minute, day, isRecent };
    return minute < WINDOW ? [mark, { minute: minute + DAY, day: day - 1, isRecent }] : [mark];
  });
  return marks.sort((a, b) => a.minute - b.minute || a.day - b.day);
}

function windowOf(marks: readonly Mark[], days: number): Window {
  const numbers = marks.map(({ day }) => day);
  const of = Math.max(...numbers) - Math.min(...numbers) + 1;
  return { from: marks[0]!.minute, to: marks.at(-1)!.minute, days, of };
}

function timeOfDay(minute: number): string {
  const [hours, minutes] = [Math.floor(minute / 60) % 24, minute % 60];
  return `${String(hours).padStart(2, "0")}:${String(minutes).padStart(2, "0")}`;
}
