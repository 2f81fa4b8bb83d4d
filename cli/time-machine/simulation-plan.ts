import { type ClockChange, clockChanges } from "#schedule/clock-changes.ts";
import { countOccurrences, type Schedule } from "#schedule/index.ts";

/** A time span: `from` inclusive, `to` exclusive. */
export interface Span {
  readonly from: Date;
  readonly to: Date;
}

export interface PlannedJob {
  readonly id: string;
  readonly schedule: Schedule;
}

/** Jobs that are simulated together over a span, on one database. */
export interface SimulationPart extends Span {
  readonly jobs: readonly string[];
}

export interface Plan {
  readonly parts: readonly SimulationPart[];
  /** Slots of each job in the whole span. */
  readonly slots: ReadonlyMap<string, number>;
  /** Jobs with too many slots: only some windows are simulated. */
  readonly sampled: ReadonlySet<string>;
  readonly clockChanges: readonly ClockChange[];
}

const HOUR = 3_600_000;

/**
 * Decides what to simulate. A job with at most `limit` slots: the whole span. A job with more slots: half a day before
 * and after each clock change of any job's zone, an hour around each outage, and the first hour of the span and of each
 * month (UTC).
 */
export function planSimulation(
  jobs: readonly PlannedJob[],
  span: Span,
  { outages, limit }: { outages: readonly Span[]; limit: number },
): Plan {
  const slots = new Map(jobs.map(({ id, schedule }) => [id, countOccurrences(schedule, span.from, span.to)]));
  const isSampled = ({ id }: PlannedJob) => (slots.get(id) ?? 0) > limit;
  const zones = [...new Set(jobs.map(({ schedule }) => schedule.zone))];
  const changes = zones.flatMap((zone) => clockChanges(zone, span.from, span.to));
  const whole = jobs.filter((job) => !isSampled(job)).map(({ id }) => id);
  const sampled = jobs.filter(isSampled).map(({ id }) => id);
  const windows = sampled.length ? windowsOf(span, changes, outages) : [];
  return {
    parts: [
      ...(whole.length ? [{ ...span, jobs: whole }] : []),
      ...windows.map((window) => ({ ...window, jobs: sampled })),
    ],
    slots,
    sampled: new Set(sampled),
    clockChanges: changes,
  };
}

function windowsOf(span: Span, changes: readonly ClockChange[], outages: readonly Span[]): Span[] {
  const windows = [
    { from: span.from, to: after(span.from, HOUR) },
    ...monthsIn(span).map((from) => ({ from, to: after(from, HOUR) })),
    ...changes.map(({ at }) => ({ from: after(at, -12 * HOUR), to: after(at, 12 * HOUR) })),
    ...outages.map(({ from, to }) => ({ from: after(from, -HOUR), to: after(to, HOUR) })),
  ].map(({ from, to }) => ({ from: later(from, span.from), to: earlier(to, span.to) }));
  return merged(windows.filter(({ from, to }) => from < to));
}

/** Spans that overlap or touch become one. */
function merged(spans: readonly Span[]): Span[] {
  const found: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.from.getTime() - b.from.getTime())) {
    const last = found.at(-1);
    if (last && span.from <= last.to) found[found.length - 1] = { from: last.from, to: later(last.to, span.to) };
    else found.push(span);
  }
  return found;
}

function monthsIn({ from, to }: Span): Date[] {
  const starts: Date[] = [];
  for (let month = from.getUTCMonth() + 1; ; month++) {
    const start = new Date(Date.UTC(from.getUTCFullYear(), month, 1));
    if (start >= to) return starts;
    starts.push(start);
  }
}

function after(at: Date, ms: number): Date {
  return new Date(at.getTime() + ms);
}

function later(a: Date, b: Date): Date {
  return a > b ? a : b;
}

function earlier(a: Date, b: Date): Date {
  return a < b ? a : b;
}
