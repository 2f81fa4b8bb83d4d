import { readFileSync } from "node:fs";

/** A process and what started it, up to npm. */
interface Ancestors {
  readonly parent: number;
  /** Undefined where the system does not say. */
  readonly grandparent: number | undefined;
}

/**
 * Calls `onEnd` once when npm, which started this process, has ended. npm sends its signals to a shell, which ends
 * without passing them on. Does nothing in a process that npm did not start.
 */
export function whenNpmEnds(onEnd: () => void, everyMs = 500): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const started = ancestors();
  const timer = setInterval(() => {
    const now = ancestors();
    if (now.parent === started.parent && now.grandparent === started.grandparent) return;
    clearInterval(timer);
    onEnd();
  }, everyMs);
  timer.unref();
}

function ancestors(): Ancestors {
  return { parent: process.ppid, grandparent: parentOf(process.ppid) };
}

/** From Linux's process table: `pid (name) state parent …`. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}
