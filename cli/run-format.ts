import type { RunState } from "#data/platform/platform-schema.ts";
import { inWords } from "#schedule/duration.ts";
import type { RunView } from "./admin-views.ts";
import { INVOCATION } from "./command.ts";
import type { Paint, Style } from "./output.ts";
import { grouped, oneLine, quantity } from "./text-format.ts";

/** The colour of each state. */
export const STATE_STYLES: Readonly<Record<RunState, Style>> = {
  queued: "cyan",
  running: "cyan",
  succeeded: "green",
  retrying: "yellow",
  dead: "red",
  skipped: "yellow",
  cancelled: "yellow",
};

/** Whether the run has finished, successfully or not. */
export function isFinished(run: Pick<RunView, "finishedAt">): boolean {
  return run.finishedAt !== null;
}

/** The output for a successful run: a sentence, then its counters, one in each line. */
export function successText(run: RunView, paint: Paint): string {
  const failed = run.itemFailureCount;
  const lines = [
    `${paint("green", "✔")} ${paint("bold", run.jobId)} succeeded${run.durationMs === null ? "" : ` in ${inWords(run.durationMs)}`}`,
    ...counterLines(run.result ?? {}, paint),
    ...(failed ? [paint("yellow", `  ${quantity(failed, "item")} failed: ${INVOCATION} show ${run.id}`)] : []),
  ];
  return lines.join("\n");
}

/** Why a finished run did not succeed, in one sentence. */
export function failureText(run: RunView): string {
  if (run.state === "dead") {
    const last = run.errors.at(-1);
    const why = last ? `: ${oneLine(last.message)} (${last.class})` : "";
    return `${run.jobId} is dead after ${quantity(run.attempt, "attempt")}${why}`;
  }
  return `${run.jobId} was ${run.state}: ${oneLine(run.reason ?? "no reason was stored")}`;
}

/** The counters that a job returned: `inserted  1,000`, aligned. */
export function counterLines(result: Readonly<Record<string, unknown>>, paint: Paint): string[] {
  const entries = Object.entries(result).map(([name, value]) => [name, valueInWords(value)] as const);
  const widest = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `  ${paint("dim", name.padEnd(widest))}  ${value}`);
}

function valueInWords(value: unknown): string {
  if (typeof value === "number") return grouped(value);
  return typeof value === "string" ? oneLine(value) : JSON.stringify(value);
}
