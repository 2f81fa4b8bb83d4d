import { whole } from "#settings/setting.ts";
import { AdminApi } from "../admin-api.ts";
import type { RunView } from "../admin-views.ts";
import { defineCommand, flag, INVOCATION } from "../command.ts";
import { Failure, WrongUsage } from "../failure.ts";
import { follow } from "../follow.ts";
import { readJsonInput } from "../json-input.ts";
import { failure, isOver, success } from "../outcome.ts";
import { type Output, printable, printJson } from "../output.ts";
import { type ProgressDisplay, progressDisplay, statusOf } from "../progress.ts";

export const run = defineCommand({
  arguments: {
    job: { about: "its id, as jobs shows it" },
    json: { about: "its input; {} when left out", optional: true },
  },
  options: {
    wait: {
      ...whole(1, 86_400, { about: "wait for its end, at most so long, and show how it goes" }),
      placeholder: "[<seconds>]",
      alone: Infinity,
    },
    json: flag("print the run as the app answers it, for scripts"),
  },
  examples: [
    "run sync_fx_latest --wait",
    `run sync_fx_historical '{"startDate":"2026-01-01","endDate":"2026-01-31"}' --wait 60`,
  ],
  tooMany: "put the JSON in single quotes.",
  async run(call) {
    const { out, options } = call;
    const { job, json } = call.arguments;
    const input = readInput(json);
    const api = await AdminApi.of(call);
    const started = printable(await api.post<RunView>(`api/admin/jobs/${encodeURIComponent(job)}/run`, input));
    if (options.wait === undefined && !isOver(started)) return leave(started, api, out, options.json);

    const display = options.json ? SILENT : progressDisplay(out);
    if (!options.json) out.line(`${out.paint("bold", started.jobId)}  ${out.paint("dim", started.id)}`);
    const stopListening = onInterrupt(started, display, out);
    const waitMs = (options.wait ?? 0) * 1_000;
    const ended = await follow(api, started, { waitMs, display }).finally(stopListening);
    if (options.json) printJson(out, ended);
    return conclude(ended, out, { waitMs, json: options.json });
  },
});

function readInput(json: string | undefined): unknown {
  try {
    return json === undefined ? {} : readJsonInput(json);
  } catch (error) {
    throw new WrongUsage(`run: <json> is no JSON: ${(error as Error).message}.`);
  }
}

function leave(run: RunView, api: AdminApi, out: Output, json: true | undefined): number {
  if (json) {
    printJson(out, run);
    return 0;
  }
  out.line(`${out.paint("bold", run.jobId)} ${statusOf(run)} as run ${out.paint("cyan", run.id)}`);
  out.line(`  ${out.paint("dim", "look at it")}  ${INVOCATION} show ${run.id}`);
  out.line(`  ${out.paint("dim", "or at")}       ${api.url}/api/admin/runs/${run.id}`);
  return 0;
}

function conclude(run: RunView, out: Output, { waitMs, json }: { waitMs: number; json: true | undefined }): number {
  if (!isOver(run)) {
    throw new Failure(
      `${run.jobId} is still ${run.state} after ${waitMs / 1_000} s and goes on without you: ${INVOCATION} show ${run.id}`,
    );
  }
  if (run.state !== "succeeded") throw new Failure(failure(run));
  if (!json) out.line(success(run, out.paint));
  return 0;
}

/** Ctrl-C ends the waiting, not the run; whoever presses it should know. */
function onInterrupt(run: RunView, display: ProgressDisplay, out: Output): () => void {
  const stop = () => {
    display.end();
    out.line(`The run goes on without you: ${INVOCATION} show ${run.id}`);
    process.exit(130);
  };
  process.once("SIGINT", stop);
  return () => process.removeListener("SIGINT", stop);
}

const SILENT: ProgressDisplay = { show: () => undefined, end: () => undefined };
