import { occurrencesBetween } from "#schedule/index.ts";
import { type Output, printable } from "../output.ts";
import { grouped, oneLine, quantity } from "../text-format.ts";
import { type Cell, type Column, renderTable, type Row } from "../text-table.ts";
import { utcIso } from "../time-format.ts";
import type { JobResult, TimeMachineResult } from "./run-time-machine.ts";
import type { SlotCounts } from "./slot-counts.ts";

/** The number of slots that are missing in the ledger, or that the schedule does not have. */
export function unaccountedSlots(result: TimeMachineResult): number {
  return result.jobs.reduce((sum, { unaccounted, uncalledFor }) => sum + unaccounted.length + uncalledFor.length, 0);
}

/** Prints the slots of each job, the effect of clock changes, and what was not simulated. */
export function printReport(result: TimeMachineResult, out: Output): void {
  const { span, processes, outages, firings, jobs } = result;
  out.line(
    `${out.paint("bold", `${utcIso(span.from)} to ${utcIso(span.to)}`)}  ${processes === 1 ? "1 process" : `${processes} processes`}, timers fired ${grouped(firings)} times`,
  );
  for (const { from, to } of outages) out.line(`${out.paint("yellow", "down")}  ${utcIso(from)} to ${utcIso(to)}`);
  out.line("");
  out.line(renderTable(COLUMNS, jobs.map(jobRow), out.width, out.paint));
  const changes = changeRows(result);
  if (changes.length) {
    out.line("");
    out.line(renderTable(CHANGE_COLUMNS, changes, out.width, out.paint));
  }
  out.line("");
  for (const line of remarks(result)) out.line(line);
  out.line(verdict(result, out));
}

/** The result as JSON. */
export function reportJson(result: TimeMachineResult): unknown {
  return {
    from: result.span.from,
    to: result.span.to,
    processes: result.processes,
    outages: result.outages,
    firings: result.firings,
    unaccounted: unaccountedSlots(result),
    jobs: result.jobs.map(({ schedule, slotsInSpan, isSampled, ...job }) => ({
      schedule: schedule.expression,
      timeZone: schedule.zone,
      slotsInSpan,
      isSampled,
      ...job,
    })),
    clockChanges: result.clockChanges,
    simulated: result.parts,
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

function jobRow(job: JobResult): Row {
  const { schedule, body, unaccounted, uncalledFor, firstError } = job;
  const open = unaccounted.length + uncalledFor.length;
  const facts = [
    `${schedule.expression} ${schedule.zone}`,
    body === "empty" ? "body left out" : "",
    unaccounted[0] ? `first unaccounted ${utcIso(unaccounted[0])}` : "",
    uncalledFor[0] ? `not in the schedule: ${utcIso(uncalledFor[0])}` : "",
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

function skippedCell({ skipped }: SlotCounts): Cell {
  const reasons = Object.entries(skipped).map(([code, count]) => ({ text: `${grouped(count)} ${code}` }));
  return reasons.length ? reasons : "0";
}

const CHANGE_COLUMNS: readonly Column[] = [
  { title: "CLOCKS CHANGE" },
  { title: "OFFSET" },
  { title: "JOB", flexible: true },
  { title: "SLOTS OF THAT DAY", flexible: true },
];

/** The day of a clock change, for each job in that time zone. */
function changeRows({ clockChanges, jobs }: TimeMachineResult): Row[] {
  return clockChanges.flatMap(({ zone, at, from, to }) =>
    jobs
      .filter(({ schedule }) => schedule.zone === zone)
      .map((job) => ({ cells: [`${utcIso(at)} ${zone}`, `${from} to ${to}`, job.jobId, slotsOfDay(job, at)] })),
  );
}

const DAY = 86_400_000;

/** `1: 2026-03-29T14:30:00Z`; only the number for more than three slots. */
function slotsOfDay({ schedule }: JobResult, at: Date): string {
  const dayOf = new Intl.DateTimeFormat("en-CA", { timeZone: schedule.zone, dateStyle: "short" });
  const nearby = occurrencesBetween(schedule, new Date(Number(at) - 2 * DAY), new Date(Number(at) + 2 * DAY));
  const slots = [...nearby].filter((slot) => dayOf.format(slot) === dayOf.format(at));
  return slots.length > 3
    ? `${slots.length}`
    : `${slots.length}${slots.length ? ":" : ""} ${slots.map(utcIso).join(", ")}`.trim();
}

/** What the table does not cover. */
function remarks({ jobs, parts }: TimeMachineResult): string[] {
  const sampled = jobs.filter(({ isSampled }) => isSampled);
  if (sampled.length === 0) return [];
  const windows = parts.filter(({ jobs: own }) => own.includes(sampled[0]?.jobId ?? ""));
  return [
    ...sampled.map(
      ({ jobId, calledFor, slotsInSpan }) =>
        `${jobId}: ${grouped(calledFor)} of ${grouped(slotsInSpan)} slots were simulated, in ${quantity(windows.length, "window")}; the others were not.`,
    ),
    "Windows: half a day around each clock change, an hour around each outage, the first hour of the span and of each month (UTC).",
    `--limit ${Math.max(...sampled.map(({ slotsInSpan }) => slotsInSpan))} simulates the whole span.`,
    "",
  ];
}

function verdict(result: TimeMachineResult, { paint }: Output): string {
  const open = unaccountedSlots(result);
  const called = grouped(result.jobs.reduce((sum, { calledFor }) => sum + calledFor, 0));
  if (open === 0) return `${paint("green", "✔")} All ${called} slots are accounted for.`;
  return `${paint("red", "✘")} ${grouped(open)} of ${called} slots are not accounted for.`;
}
