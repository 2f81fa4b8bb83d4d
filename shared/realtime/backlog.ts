import { runOf } from "./job-events.ts";
import type { LiveEvent } from "./live-event.ts";

/** An event that waits to be sent, with its size as JSON. */
export interface Waiting {
  readonly event: LiveEvent;
  readonly bytes: number;
}

/**
 * The events that wait to be sent, oldest first, and never more than the limits. Of a run's progress only the latest
 * waits. What is too much goes: the oldest progress first, and when there is none, the oldest event.
 */
export class Backlog {
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  readonly #waiting = new Map<string, Waiting>();
  /** The keys of those that are progress, oldest first. */
  readonly #progress = new Set<string>();
  #bytes = 0;

  constructor({ maxEvents, maxBytes }: { readonly maxEvents: number; readonly maxBytes: number }) {
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** @returns how many events had to go for it; the progress that it replaces is not counted */
  add(entry: Waiting): number {
    const key = keyOf(entry.event);
    this.#forget(key);
    this.#waiting.set(key, entry);
    if (runOf(entry.event)?.isProgress) this.#progress.add(key);
    this.#bytes += entry.bytes;
    let dropped = 0;
    while (this.#waiting.size > this.#maxEvents || this.#bytes > this.#maxBytes) {
      this.#forget(this.#leastWanted());
      dropped += 1;
    }
    return dropped;
  }

  /** The oldest event and those that can go in one message with it: of its channel, in order, up to the size. They stay. */
  next(messageBytes: number): Waiting[] {
    const batch: Waiting[] = [];
    let bytes = 1;
    for (const entry of this.#waiting.values()) {
      if (batch[0] && entry.event.channel !== batch[0].event.channel) continue;
      // One more for the comma or the bracket.
      bytes += entry.bytes + 1;
      if (batch.length > 0 && bytes > messageBytes) break;
      batch.push(entry);
    }
    return batch;
  }

  /** Forgets what has been sent. What has been replaced meanwhile stays. */
  remove(entries: readonly Waiting[]): void {
    for (const entry of entries) {
      const key = keyOf(entry.event);
      if (this.#waiting.get(key) === entry) this.#forget(key);
    }
  }

  clear(): void {
    this.#waiting.clear();
    this.#progress.clear();
    this.#bytes = 0;
  }

  #leastWanted(): string {
    for (const keys of [this.#progress, this.#waiting.keys()]) for (const oldest of keys) return oldest;
    throw new Error("an empty backlog has nothing to drop");
  }

  #forget(key: string): void {
    const entry = this.#waiting.get(key);
    if (!entry) return;
    this.#waiting.delete(key);
    this.#progress.delete(key);
    this.#bytes -= entry.bytes;
  }
}

function keyOf(event: LiveEvent): string {
  const about = runOf(event);
  return about?.isProgress ? `progress ${about.runId}` : event.id;
}
