import type { RunState } from "#data/platform/schema.ts";
import { inWords } from "#schedule/duration.ts";
import type { RunView } from "./admin-views.ts";
import { INVOCATION } from "./command.ts";
import type { Paint, Style } from "./output.ts";

/** In which colour a state is shown. */
export const STATE_STYLES: Readonly<Record<RunState, Style>> = {
  queued: "cyan",
  running: "cyan",
  succeeded: "green",
  retrying: "yellow",
  dead: "red",
  skipped: "yellow",
  cancelled: "yellow",
};

/** Whether the run has ended, well or not. */
export function isOver(run: Pick<RunView, "finishedAt">): boolean {
  return run.finishedAt !== null;
}

/** What a successful run has done: a sentence and its counters, a line each. */
export function success(run: RunView, paint: Paint): string {
  const failed = run.itemFailureCount;
  const lines = [
    `${paint("green", "✔")} ${paint("bold", run.jobId)} succeeded${run.durationMs === null ? "" : ` in ${inWords(run.durationMs)}`}`,
    ...counterLines(run.result ?? {}, paint),
    ...(failed ? [paint("yellow", `  ${quantity(failed, "item")} failed: ${INVOCATION} show ${run.id}`)] : []),
  ];
  return lines.join("\n");
}

/** Why a run that has ended did not succeed, in one sentence. */
export function failure(run: RunView): string {
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

/** `1 item`, `3 items`. */
export function quantity(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** `1,000,000` */
export function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

export function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

function valueInWords(value: unknown): string {
  if (typeof value === "number") return grouped(value);
  return typeof value === "string" ? oneLine(value) : JSON.stringify(value);
}
