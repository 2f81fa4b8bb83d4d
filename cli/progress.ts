import type { Progress } from "#data/platform/schema.ts";
import { inWords } from "#schedule/duration.ts";
import type { RunView } from "./admin-views.ts";
import { localIso } from "./moments.ts";
import { grouped, oneLine, STATE_STYLES } from "./outcome.ts";
import type { Output, Paint } from "./output.ts";

/** Shows a run that is under way. */
export interface ProgressDisplay {
  show(run: RunView, elapsedMs: number): void;
  /** Leaves the screen clean for what comes next. */
  end(): void;
}

/** On a terminal one line that is drawn anew; elsewhere a line whenever something has changed. */
export function progressDisplay(out: Output): ProgressDisplay {
  return out.isTerminal ? redrawn(out) : lineByLine(out);
}

/** What a run is doing, without any time that passes: the same text means that nothing has changed. */
export function statusOf(run: RunView): string {
  const attempt = run.attempt > 1 ? `, attempt ${run.attempt} of ${run.maxAttempts}` : "";
  switch (run.state) {
    case "retrying": {
      const last = run.errors.at(-1);
      // A run that was put off or interrupted waits as well, with no error of this attempt.
      const why =
        last?.attempt === run.attempt ? `attempt ${last.attempt} failed: ${oneLine(last.message)}` : "put off";
      return `retrying: ${why}${run.notBefore ? `; next try at ${localIso(new Date(run.notBefore))}` : ""}`;
    }
    case "running":
      return [`running${attempt}`, run.progress && progressInWords(run.progress)].filter(Boolean).join("  ");
    default:
      return run.state;
  }
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

/** Rounded down, so that 100 % is the end and not nearly so. */
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

/** A line that wraps cannot be drawn anew. */
function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
