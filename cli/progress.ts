import type { Progress } from "#data/platform/platform-schema.ts";
import { inWords } from "#schedule/duration.ts";
import type { RunView } from "./admin-views.ts";
import type { Output, Paint } from "./output.ts";
import { STATE_STYLES } from "./run-format.ts";
import { grouped, oneLine } from "./text-format.ts";
import { localIso } from "./time-format.ts";

/** Shows a run in progress. */
export interface ProgressDisplay {
  show(run: RunView, elapsedMs: number): void;
  /** Clears the line. */
  end(): void;
}

/** Redraws one line on a terminal; elsewhere prints a line for each change. */
export function progressDisplay(out: Output): ProgressDisplay {
  return out.isTerminal ? redrawn(out) : lineByLine(out);
}

/** Shows how much of a total is done: one line that it redraws on a terminal, elsewhere a line for each step. */
export function pageProgress(out: Output, total: number): { show(done: number): void; end(): void } {
  const text = (done: number) => progressInWords({ done, total });
  if (!out.isTerminal)
    return {
      show: (done) => {
        out.line(text(done));
      },
      end: () => undefined,
    };
  return {
    show: (done) => {
      out.write(`${ERASE_LINE}${bar(done, total, BAR_WIDTH, out.paint)} ${text(done)}`);
    },
    end: () => {
      out.write(ERASE_LINE);
    },
  };
}

/** The status of a run without elapsed time: equal texts mean that nothing has changed. */
export function statusOf(run: RunView): string {
  const attempt = run.attempt > 1 ? `, attempt ${run.attempt} of ${run.maxAttempts}` : "";
  switch (run.state) {
    case "retrying": {
      const last = run.errors.at(-1);
      const hasFailed = last?.attempt === run.attempt && run.reason === null;
      const why = hasFailed ? `attempt ${last.attempt} failed: ${oneLine(last.message)}` : waitReason(run);
      const hasTime = hasFailed || run.reasonCode === "snoozed";
      return `retrying: ${why}${hasTime && run.notBefore ? `; next attempt at ${localIso(new Date(run.notBefore))}` : ""}`;
    }
    case "queued":
      return run.reason === null ? "queued" : `queued: ${waitReason(run)}`;
    case "running":
      return [`running${attempt}`, run.progress && progressInWords(run.progress)].filter(Boolean).join("  ");
    default:
      return run.state;
  }
}

/** Why a run waits without an error: it was snoozed or interrupted, or a gate is closed. */
function waitReason({ reason }: RunView): string {
  return reason === null ? "postponed" : oneLine(reason);
}

/** `3,000 of 10,000 (30 %)  merging` */
export function progressInWords({ done, total, note }: Progress): string {
  const count = total ? `${grouped(done)} of ${grouped(total)} (${percent(done, total)} %)` : grouped(done);
  return [count, note && oneLine(note)].filter(Boolean).join("  ");
}

/** `██████░░░░` */
function bar(done: number, total: number, width: number, paint: Paint): string {
  const full = Math.floor((Math.min(Math.max(done, 0), total) / total) * width);
  return paint("green", "█".repeat(full)) + paint("dim", "░".repeat(width - full));
}

/** Rounded down, so that 100 % means complete. */
function percent(done: number, total: number): number {
  return Math.floor((Math.min(Math.max(done, 0), total) / total) * 100);
}

const BAR_WIDTH = 24;
const ERASE_LINE = "\r\u001b[2K";

function redrawn(out: Output): ProgressDisplay {
  return {
    show(run, elapsedMs) {
      const total = run.state === "running" ? run.progress?.total : undefined;
      const drawn = total ? `${bar(run.progress?.done ?? 0, total, BAR_WIDTH, out.paint)} ` : "";
      const elapsed = `  ${wholeSeconds(elapsedMs)}`;
      const room = out.width - 3 - elapsed.length - (total ? BAR_WIDTH + 1 : 0);
      const status = cut(statusOf(run), room);
      const mark = out.paint(STATE_STYLES[run.state], "●");
      out.write(`${ERASE_LINE}${mark} ${drawn}${status}${out.paint("dim", elapsed)}`);
    },
    end() {
      out.write(ERASE_LINE);
    },
  };
}

function wholeSeconds(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return seconds === 0 ? "0 s" : inWords(seconds * 1_000);
}

function lineByLine(out: Output): ProgressDisplay {
  let shown = "";
  return {
    show(run) {
      const status = statusOf(run);
      if (status !== shown) out.line(status);
      shown = status;
    },
    end: () => undefined,
  };
}

/** A line that wraps cannot be redrawn. */
function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
