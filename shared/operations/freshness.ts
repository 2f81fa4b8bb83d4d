import type { Db } from "#data/client.ts";
import { addDays, type CivilDate, civilDateIn } from "#rules/civil-date.ts";
import { occurrencesBetween, schedule } from "#schedule/index.ts";

/**
 * Data that jobs keep up to date. A run that loads nothing new still succeeds; the freshness shows that data is
 * missing.
 */
export interface DataSet {
  readonly id: string;
  readonly family: string;
  readonly title: string;
  /** What its elements are: `currency`, `county`. */
  readonly element: string;
  /** Ids of the jobs that load it. */
  readonly jobs: readonly string[];
  /** Working days that may pass without newer data, by the calendar of its source. */
  readonly allowedWorkingDays: number;
  readonly isWorkingDay: (date: CivilDate) => boolean;
  /** The elements whose data is expected. */
  readonly elements: (db: Db) => Promise<readonly DataElement[]>;
}

/** One ETF, currency, county: data that may be missing alone. */
export interface DataElement {
  readonly id: string;
  /** The time zone of its days. */
  readonly zone: string;
  /** The day of the newest data; null when there never was any. */
  readonly newest: CivilDate | null;
  /** The day since which data is expected; null where only stored data makes it an element. */
  readonly since: CivilDate | null;
  /** The calendar of its source, where it differs from that of the data set. */
  readonly isWorkingDay?: (date: CivilDate) => boolean;
  /** Its source publishes no more. Default: false. */
  readonly hasEnded?: boolean;
  /** Its points that are held back as implausible. Default: none. */
  readonly held?: HeldPoints | undefined;
}

/** Points of one element that are held back as implausible. */
export interface HeldPoints {
  readonly count: number;
  /** The oldest of their days. */
  readonly oldest: CivilDate;
}

/** The age of one element, judged. `empty`: it never had data. `ended`: no newer data is expected. */
export interface ElementFreshness extends Pick<DataElement, "id" | "zone" | "newest"> {
  readonly state: "fresh" | "stale" | "empty" | "ended";
  /** When data is or was due: then it becomes or became late. Null: no data is due. */
  readonly staleSince: Date | null;
  /** Data is due and missing: it is stale, or still empty. */
  readonly isLate: boolean;
  /** Null without any. Held points change no state: newer data may be there. */
  readonly held: HeldPoints | null;
}

/** The age of a data set, judged by its elements. */
export interface Freshness {
  /** `stale`: an element is late. `empty`: no element has data. */
  readonly state: "fresh" | "stale" | "empty";
  /** The newest day of all elements. */
  readonly newest: CivilDate | null;
  /** The earliest of its elements. */
  readonly staleSince: Date | null;
  readonly counts: Readonly<Record<"elements" | "late" | ElementFreshness["state"], number>>;
  /** By id. */
  readonly elements: readonly ElementFreshness[];
}

/**
 * Judges each element by itself: it is late from the midnight of its zone that ends the last allowed working day after
 * its newest data. Pure.
 */
export function freshnessOf(
  { allowedWorkingDays, isWorkingDay }: Pick<DataSet, "allowedWorkingDays" | "isWorkingDay">,
  elements: readonly DataElement[],
  now: Date,
): Freshness {
  const starts = new Map<string, Date>();
  /** Most elements have one newest day and zone. */
  const dueAfter = (date: CivilDate, { zone, isWorkingDay: isOwnWorkingDay = isWorkingDay }: DataElement): Date => {
    let last = date;
    for (let passed = 0; passed < allowedWorkingDays;) {
      last = addDays(last, 1);
      if (isOwnWorkingDay(last)) passed += 1;
    }
    const key = `${last} ${zone}`;
    const known = starts.get(key) ?? startOf(addDays(last, 1), zone);
    starts.set(key, known);
    return known;
  };
  const judge = (element: DataElement): ElementFreshness => {
    const { id, zone, newest, since, hasEnded = false, held = null } = element;
    if (hasEnded) return { id, zone, newest, state: "ended", staleSince: null, isLate: false, held };
    const from = newest ?? since;
    const staleSince = from === null ? null : dueAfter(from, element);
    const isLate = staleSince !== null && now >= staleSince;
    const state = newest === null ? "empty" : isLate ? "stale" : "fresh";
    return { id, zone, newest, state, staleSince, isLate, held };
  };
  return summaryOf(elements.map(judge).toSorted((a, b) => (a.id < b.id ? -1 : 1)));
}

function summaryOf(elements: readonly ElementFreshness[]): Freshness {
  const count = (state: ElementFreshness["state"]) => elements.filter((element) => element.state === state).length;
  const late = elements.filter(({ isLate }) => isLate).length;
  const counts = {
    elements: elements.length,
    late,
    fresh: count("fresh"),
    stale: count("stale"),
    empty: count("empty"),
    ended: count("ended"),
  };
  const expected = elements.filter(({ state }) => state !== "ended");
  const isEmpty = counts.empty === expected.length;
  return {
    state: isEmpty ? "empty" : late > 0 ? "stale" : "fresh",
    newest: elements.reduce<CivilDate | null>(
      (most, { newest }) => (newest !== null && newest > (most ?? "") ? newest : most),
      null,
    ),
    staleSince: expected.toSorted(byStaleSince)[0]?.staleSince ?? null,
    counts,
    elements,
  };
}

/** The elements that are late or empty, the longest late first, those without a due time last. */
export function behind({ elements }: Freshness): ElementFreshness[] {
  return elements.filter(({ isLate, state }) => isLate || state === "empty").toSorted(byStaleSince);
}

/** The elements with points that are held back, those with the oldest first. */
export function withHeldPoints({ elements }: Freshness): (ElementFreshness & { readonly held: HeldPoints })[] {
  return elements
    .flatMap((element) => (element.held ? [{ ...element, held: element.held }] : []))
    .toSorted((a, b) => (a.held.oldest < b.held.oldest ? -1 : a.held.oldest > b.held.oldest ? 1 : 0));
}

function byStaleSince(a: ElementFreshness, b: ElementFreshness): number {
  return (a.staleSince?.getTime() ?? Infinity) - (b.staleSince?.getTime() ?? Infinity) || (a.id < b.id ? -1 : 1);
}

/** The first instant of a civil day in a zone. */
function startOf(date: CivilDate, zone: string): Date {
  const [from, to] = [new Date(`${addDays(date, -1)}T00:00:00Z`), new Date(`${addDays(date, 2)}T00:00:00Z`)];
  for (const midnight of occurrencesBetween(schedule("0 0 0 * * *", zone), from, to)) {
    if (civilDateIn(zone, midnight) >= date) return midnight;
  }
  return to;
}
