import { runReferenceOf } from "./job-events.ts";
import type { LiveEvent } from "./live-event.ts";

interface ThrottledRun {
  sentAt: number;
  /** The latest event since then. */
  held: LiveEvent | undefined;
}

/**
 * Passes at most one progress event per run and interval: the first at once, and the latest of the following ones at
 * the end of the interval. A state change of the run first releases the held event, so that progress never follows the
 * end of a run. Other events pass unchanged. Times are milliseconds of a monotonic clock. Default interval: 500 ms.
 */
export class ProgressThrottle {
  readonly #intervalMs: number;
  readonly #runs = new Map<string, ThrottledRun>();

  constructor(intervalMs = 500) {
    this.#intervalMs = intervalMs;
  }

  /** @returns the events to send now, in order */
  offer(event: LiveEvent, now: number): LiveEvent[] {
    const about = runReferenceOf(event);
    if (!about) return [event];
    const paced = this.#runs.get(about.runId);
    if (!about.isProgress) return [...take(paced, now), event];
    if (paced && now - paced.sentAt < this.#intervalMs) {
      paced.held = event;
      return [];
    }
    this.#runs.set(about.runId, { sentAt: now, held: undefined });
    return [event];
  }

  /** The held events whose interval is over. */
  due(now: number): LiveEvent[] {
    const events: LiveEvent[] = [];
    for (const [runId, paced] of this.#runs) {
      if (now - paced.sentAt < this.#intervalMs) continue;
      if (paced.held) events.push(...take(paced, now));
      else this.#runs.delete(runId);
    }
    return events;
  }

  /** When `due` has to be called next; undefined when nothing is throttled. */
  nextDue(): number | undefined {
    let next: number | undefined;
    for (const { sentAt } of this.#runs.values()) next = Math.min(next ?? Infinity, sentAt + this.#intervalMs);
    return next;
  }

  /** All held events, for a process that ends. */
  drain(now: number): LiveEvent[] {
    return [...this.#runs.values()].flatMap((paced) => take(paced, now));
  }
}

function take(paced: ThrottledRun | undefined, now: number): LiveEvent[] {
  if (!paced?.held) return [];
  const { held } = paced;
  paced.held = undefined;
  paced.sentAt = now;
  return [held];
}
