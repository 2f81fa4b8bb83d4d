import { occurrencesBetween } from "#schedule/index.ts";
import { utcIso } from "../time-format.ts";
import { grouped, oneLine, quantity } from "../run-format.ts";
import { type Output, printable } from "../output.ts";
import { type Cell, type Column, renderTable, type Row } from "../text-table.ts";
import type { Account } from "./slot-counts.ts";
import type { JobJourney, Journey } from "./run-time-machine.ts";

/** Slots that are in no ledger, or in the ledger without having been called for. */
export function openSlots(journey: Journey): number {
  return journey.jobs.reduce((sum, { unaccounted, uncalledFor }) => sum + unaccounted.length + uncalledFor.length, 0);
}

/** Prints the slot ledger, what the changes of the clocks did, and what was left out. */
export function printJourney(journey: Journey, out: Output): void {
  const { span, processes, outages, firings, jobs } = journey;
  out.line(
    `${out.paint("bold", `${utcIso(span.from)} to ${utcIso(span.to)}`)}  ${processes === 1 ? "1 process" : `${processes} processes`}, timers went off ${grouped(firings)} times`,
  );
  for (const { from, to } of outages) out.line(`${out.paint("yellow", "down")}  ${utcIso(from)} to ${utcIso(to)}`);
  out.line("");
  out.line(renderTable(COLUMNS, jobs.map(jobRow), out.width, out.paint));
  const changes = changeRows(journey);
  if (changes.length) {
    out.line("");
    out.line(renderTable(CHANGE_COLUMNS, changes, out.width, out.paint));
  }
  out.line("");
  for (const line of remarks(journey)) out.line(line);
  out.line(verdict(journey, out));
}

/** The same for a program. */
export function journeyJson(journey: Journey): unknown {
  return {
    from: journey.span.from,
    to: journey.span.to,
    processes: journey.processes,
    outages: journey.outages,
    firings: journey.firings,
    unaccounted: openSlots(journey),
    jobs: journey.jobs.map(({ schedule, slotsInSpan, isSampled, ...job }) => ({
      schedule: schedule.expression,
      timeZone: schedule.zone,
      slotsInSpan,
      isSampled,
      ...job,
    })),
    clockChanges: journey.clockChanges,
    simulated: journey.parts,
  };
}

const COLUMNS: readonly Column[] = [
  { title: "JOB", flexible: true },
  { title: "SLOTS", align: "right" },
  { title: "RAN", align: "right" },
  { title: "LATE", align: "right" },
  { title: "CAUGHT UP", align: "right" },
  { title: "FAILED", align: "right" },
  { title: "WAITING", align: "right" },
  { title: "SKIPPED", flexible: true },
  { title: "UNACCOUNTED", align: "right" },
];

function jobRow(job: JobJourney): Row {
  const { schedule, body, unaccounted, uncalledFor, firstError } = job;
  const open = unaccounted.length + uncalledFor.length;
  const facts = [
    `${schedule.expression} ${schedule.zone}`,
    body === "empty" ? "body left out" : "",
    unaccounted[0] ? `first unaccounted ${utcIso(unaccounted[0])}` : "",
    uncalledFor[0] ? `ran uncalled for ${utcIso(uncalledFor[0])}` : "",
    firstError ? oneLine(printable(firstError)) : "",
  ].filter(Boolean);
  return {
    cells: [
      job.jobId,
      ...[job.calledFor, job.ran, job.ranLate, job.caughtUp, job.failed, job.waiting].map(grouped),
      skippedCell(job),
      { text: grouped(open), style: open ? "red" : "green" },
    ],
    note: { text: facts.join("; "), style: "dim" },
  };
}

function skippedCell({ skipped }: Account): Cell {
  const reasons = Object.entries(skipped).map(([code, count]) => ({ text: `${grouped(count)} ${code}` }));
  return reasons.length ? reasons : "0";
}

const CHANGE_COLUMNS: readonly Column[] = [
  { title: "CLOCKS CHANGE" },
  { title: "OFFSET" },
  { title: "JOB", flexible: true },
  { title: "SLOTS OF THAT DAY", flexible: true },
];

/** A day on which clocks change, for each job that keeps their time. */
function changeRows({ clockChanges, jobs }: Journey): Row[] {
  return clockChanges.flatMap(({ zone, at, from, to }) =>
    jobs
      .filter(({ schedule }) => schedule.zone === zone)
      .map((job) => ({ cells: [`${utcIso(at)} ${zone}`, `${from} to ${to}`, job.jobId, slotsOfDay(job, at)] })),
  );
}

const DAY = 86_400_000;

/** `1: 2026-03-29T14:30:00Z`; of many the number alone. */
function slotsOfDay({ schedule }: JobJourney, at: Date): string {
  const dayOf = new Intl.DateTimeFormat("en-CA", { timeZone: schedule.zone, dateStyle: "short" });
  const nearby = occurrencesBetween(schedule, new Date(Number(at) - 2 * DAY), new Date(Number(at) + 2 * DAY));
  const slots = [...nearby].filter((slot) => dayOf.format(slot) === dayOf.format(at));
  return slots.length > 3
    ? `${slots.length}`
    : `${slots.length}${slots.length ? ":" : ""} ${slots.map(utcIso).join(", ")}`.trim();
}

/** What the figures do not cover. */
function remarks({ jobs, parts }: Journey): string[] {
  const sampled = jobs.filter(({ isSampled }) => isSampled);
  if (sampled.length === 0) return [];
  const windows = parts.filter(({ jobs: own }) => own.includes(sampled[0]?.jobId ?? ""));
  return [
    ...sampled.map(
      ({ jobId, calledFor, slotsInSpan }) =>
        `${jobId}: ${grouped(calledFor)} of ${grouped(slotsInSpan)} slots were simulated, in ${quantity(windows.length, "window")}; the others were not.`,
    ),
    "Windows: half a day around each change of the clocks, an hour around each outage, the first hour of the span and of each month (UTC).",
    `--limit ${Math.max(...sampled.map(({ slotsInSpan }) => slotsInSpan))} takes them through the whole span.`,
    "",
  ];
}

function verdict(journey: Journey, { paint }: Output): string {
  const open = openSlots(journey);
  const called = grouped(journey.jobs.reduce((sum, { calledFor }) => sum + calledFor, 0));
  if (open === 0) return `${paint("green", "✔")} All ${called} slots are accounted for.`;
  return `${paint("red", "✘")} ${grouped(open)} of ${called} slots are not accounted for.`;
}
