import { inWords } from "#schedule/duration.ts";
import { oneOf, text, whole } from "#settings/setting.ts";
import { AdminApi } from "../admin-api.ts";
import { RUN_STATES, type RunSummary } from "../admin-views.ts";
import { defineCommand, flag } from "../command.ts";
import { printable, printJson } from "../output.ts";
import { STATE_STYLES } from "../run-format.ts";
import { oneLine, quantity } from "../text-format.ts";
import { type Column, type Line, renderTable, type Row } from "../text-table.ts";
import { ago, until } from "../time-format.ts";

export const runs = defineCommand({
  arguments: {},
  options: {
    job: { ...text({ about: "only runs of this job" }), placeholder: "<id>" },
    state: { ...oneOf(RUN_STATES, { about: `only ${RUN_STATES.join(", ")}` }), placeholder: "<state>" },
    family: { ...text({ about: "only runs of jobs of this family" }), placeholder: "<family>" },
    limit: { ...whole(1, 500, { about: "how many runs, 1 to 500 (default 20)" }), placeholder: "<count>" },
    before: { ...text({ about: "only runs older than this one: the next page" }), placeholder: "<run>" },
    json: flag("print the answer of the app as JSON, for scripts"),
  },
  examples: ["runs --job sync_fx_latest --limit 5", "runs --state dead", "runs --family portfolio --json"],
  async run(call) {
    const { out, options } = call;
    const { job, state, family, before: cursor, limit = 20 } = options;
    const api = await AdminApi.of(call);
    const answer = await api.get<{ runs: RunSummary[]; nextCursor: string | null }>("api/admin/runs", {
      job,
      state,
      family,
      cursor,
      limit,
    });
    // An empty list is misleading for a misspelt id: for that, this request fails with a suggestion.
    if (job !== undefined && answer.runs.length === 0) await api.get(`api/admin/jobs/${encodeURIComponent(job)}`);
    if (options.json) {
      printJson(out, answer);
      return 0;
    }
    if (answer.runs.length === 0) {
      out.line("No runs.");
      return 0;
    }
    const now = new Date();
    const rows = printable(answer.runs).map((run) => runRow(run, now));
    out.line(renderTable(COLUMNS, rows, out.width, out.paint));
    if (answer.nextCursor) out.line(out.paint("dim", `Older runs: --before ${printable(answer.nextCursor)}`));
    return 0;
  },
});

const COLUMNS: readonly Column[] = [
  { title: "RUN" },
  { title: "JOB", flexible: true },
  { title: "STATE" },
  { title: "WHEN" },
  { title: "TOOK", align: "right" },
];

function runRow(run: RunSummary, now: Date): Row {
  const state: Line = { text: run.state, style: STATE_STYLES[run.state] };
  const duration = run.durationMs === null ? "" : inWords(run.durationMs);
  return { cells: [run.id, { text: run.jobId, style: "bold" }, state, whenOf(run, now), duration], note: noteOf(run) };
}

function whenOf({ startedAt, queuedAt, notBefore, state }: RunSummary, now: Date): string {
  const waits = state === "queued" || state === "retrying";
  if (waits && notBefore !== null && new Date(notBefore) > now) return until(new Date(notBefore), now);
  return ago(new Date(startedAt ?? queuedAt), now);
}

/** What is unusual about a run. */
function noteOf(run: RunSummary): Line | undefined {
  const { state, lastError, itemFailureCount: failed } = run;
  const error = state === "dead" || (state === "retrying" && run.reason === null) ? lastError : undefined;
  const parts = [
    run.attempt > 1 || state === "retrying" ? `attempt ${run.attempt} of ${run.maxAttempts}` : "",
    failed ? `${quantity(failed, "item")} failed` : "",
    error ? `${oneLine(error.message)} (${error.class})` : oneLine(run.reason ?? ""),
  ].filter(Boolean);
  return parts.length ? { text: parts.join("; "), style: "dim" } : undefined;
}
