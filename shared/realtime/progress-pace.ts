import { runOf } from "./job-events.ts";
import type { LiveEvent } from "./live-event.ts";

interface Paced {
  sentAt: number;
  held: LiveEvent | undefined;
}

/**
 * Lets at most one progress event per run through in each interval: the first at once, of those that follow the last one
 * when the interval is over. A change of the run's state lets the held one through ahead of itself, so that progress is
 * never seen after the end. Everything else passes untouched. Times are milliseconds on a clock that nobody sets.
 */
export class ProgressPace {
  readonly #intervalMs: number;
  readonly #runs = new Map<string, Paced>();

  constructor(intervalMs = 500) {
    this.#intervalMs = intervalMs;
  }

  /** @returns what is to be sent now, in order */
  offer(event: LiveEvent, now: number): LiveEvent[] {
    const about = runOf(event);
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

  /** What has waited long enough. */
  due(now: number): LiveEvent[] {
    const events: LiveEvent[] = [];
    for (const [runId, paced] of this.#runs) {
      if (now - paced.sentAt < this.#intervalMs) continue;
      if (paced.held) events.push(...take(paced, now));
      else this.#runs.delete(runId);
    }
    return events;
  }

  /** When `due` has something to do next; undefined: never. */
  nextDue(): number | undefined {
    let next: number | undefined;
    for (const { sentAt } of this.#runs.values()) next = Math.min(next ?? Infinity, sentAt + this.#intervalMs);
    return next;
  }

  /** Everything that is held, for a process that ends. */
  drain(now: number): LiveEvent[] {
    return [...this.#runs.values()].flatMap((paced) => take(paced, now));
  }
}

function take(paced: Paced | undefined, now: number): LiveEvent[] {
  if (!paced?.held) return [];
  const { held } = paced;
  paced.held = undefined;
  paced.sentAt = now;
  return [held];
}
