import { whole } from "#settings/setting.ts";
import type { AdminApi } from "./admin-api.ts";
import type { RunView } from "./admin-views.ts";
import { flag, INVOCATION } from "./command.ts";
import { CommandError } from "./command-errors.ts";
import { type Output, printJson } from "./output.ts";
import { type ProgressDisplay, progressDisplay, statusOf } from "./progress.ts";
import { failureText, isFinished, successText } from "./run-format.ts";
import { watchRun } from "./watch-run.ts";

/** The options of commands that start a run. */
export const followOptions = {
  wait: {
    ...whole(1, 86_400, { about: "wait for the end of the run, at most this long, and show progress" }),
    placeholder: "[<seconds>]",
    alone: Infinity,
  },
  json: flag("print the answer of the app as JSON, for scripts"),
};

/**
 * Shows a started run; with `wait`, its progress and its end.
 * @returns the exit code
 * @throws CommandError when it did not succeed, or has not ended in time
 */
export async function followRun(
  api: AdminApi,
  started: RunView,
  { out, options }: { out: Output; options: { wait?: number | undefined; json?: true | undefined } },
): Promise<number> {
  if (options.wait === undefined && !isFinished(started)) return leave(started, api, out, options.json);

  const display = options.json ? SILENT : progressDisplay(out);
  if (!options.json) out.line(`${out.paint("bold", started.jobId)}  ${out.paint("dim", started.id)}`);
  const stopListening = onInterrupt(started, display, out);
  const waitMs = (options.wait ?? 0) * 1_000;
  const ended = await watchRun(api, started, { waitMs, display }).finally(stopListening);
  if (options.json) printJson(out, ended);
  return conclude(ended, out, { waitMs, json: options.json });
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
  if (!isFinished(run)) {
    throw new CommandError(
      `${run.jobId} is still ${run.state} after ${waitMs / 1_000} s; the run continues: ${INVOCATION} show ${run.id}`,
    );
  }
  if (run.state !== "succeeded") throw new CommandError(failureText(run));
  if (!json) out.line(successText(run, out.paint));
  return 0;
}

/** Ctrl-C ends the waiting but not the run; the output says so. */
function onInterrupt(run: RunView, display: ProgressDisplay, out: Output): () => void {
  const stop = () => {
    display.end();
    out.line(`The run continues: ${INVOCATION} show ${run.id}`);
    process.exit(130);
  };
  process.once("SIGINT", stop);
  return () => process.removeListener("SIGINT", stop);
}

const SILENT: ProgressDisplay = { show: () => undefined, end: () => undefined };
