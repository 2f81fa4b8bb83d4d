import { AdminApi } from "../admin-api.ts";
import type { JobView } from "../admin-views.ts";
import { defineCommand, flag } from "../command.ts";
import { printable, printJson } from "../output.ts";
import { STATE_STYLES } from "../run-format.ts";
import { type Column, type Line, renderTable, type Row } from "../text-table.ts";
import { ago, localIso, until } from "../time-format.ts";

export const jobs = defineCommand({
  arguments: {},
  options: { json: flag("print the answer of the app as JSON, for scripts") },
  examples: ["jobs", "jobs --json"],
  async run(call) {
    const { out, options } = call;
    const api = await AdminApi.of(call);
    const answer = await api.get<{ jobs: JobView[] }>("api/admin/jobs");
    if (options.json) {
      printJson(out, answer);
      return 0;
    }
    const now = new Date();
    const rows = printable(answer.jobs).map((job) => jobRow(job, now));
    out.line(renderTable(COLUMNS, rows, out.width, out.paint));
    return 0;
  },
});

const COLUMNS: readonly Column[] = [
  { title: "JOB" },
  { title: "FAMILY" },
  { title: "SCHEDULE", flexible: true },
  { title: "NEXT RUN" },
  { title: "LAST RUN" },
];

/** Two lines for each job: a short form, and below it the exact values. */
function jobRow(job: JobView, now: Date): Row {
  return { cells: [{ text: job.id, style: "bold" }, job.family, scheduleOf(job), nextOf(job, now), lastOf(job, now)] };
}

function scheduleOf({ schedule }: JobView): Line[] {
  if (!schedule) return [{ text: "on demand", style: "dim" }];
  const { inWords, timeZone } = schedule;
  // The phrase ends with the zone where the zone matters; here the zone has its own line.
  const words = inWords.endsWith(timeZone) ? inWords.slice(0, -timeZone.length).replace(/[ ,]+$/, "") : inWords;
  return [{ text: words }, { text: timeZone, style: "dim" }];
}

function nextOf({ enabled, schedule, next }: JobView, now: Date): Line[] {
  if (!enabled) return [{ text: "disabled", style: "yellow" }];
  const first = next[0];
  if (first === undefined) return [{ text: schedule ? "never" : "–", style: "dim" }];
  const at = new Date(first);
  return [{ text: until(at, now) }, { text: localIso(at), style: "dim" }];
}

function lastOf({ lastRun }: JobView, now: Date): Line[] {
  if (!lastRun) return [{ text: "–", style: "dim" }];
  const since = lastRun.finishedAt ?? lastRun.startedAt;
  return [
    { text: lastRun.state, style: STATE_STYLES[lastRun.state] },
    ...(since === null ? [] : [{ text: ago(new Date(since), now), style: "dim" } as const]),
  ];
}
