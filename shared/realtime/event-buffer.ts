import { runReferenceOf } from "./job-events.ts";
import type { LiveEvent } from "./live-event.ts";

/** An event that waits to be sent, with the size of its JSON. */
export interface PendingEvent {
  readonly event: LiveEvent;
  readonly bytes: number;
}

/**
 * A bounded buffer of the events that wait to be sent, oldest first. Of a run's progress it keeps only the latest
 * event. At its limits it drops the oldest progress event first, or the oldest event when it holds no progress.
 */
export class EventBuffer {
  readonly #maxEvents: number;
  readonly #maxBytes: number;
  readonly #waiting = new Map<string, PendingEvent>();
  /** The keys of the progress events, oldest first. */
  readonly #progress = new Set<string>();
  #bytes = 0;

  constructor({ maxEvents, maxBytes }: { readonly maxEvents: number; readonly maxBytes: number }) {
    this.#maxEvents = maxEvents;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** @returns how many events were dropped to make room; a replaced progress event does not count */
  add(entry: PendingEvent): number {
    const key = keyOf(entry.event);
    this.#forget(key);
    this.#waiting.set(key, entry);
    if (runReferenceOf(entry.event)?.isProgress) this.#progress.add(key);
    this.#bytes += entry.bytes;
    let dropped = 0;
    while (this.#waiting.size > this.#maxEvents || this.#bytes > this.#maxBytes) {
      this.#forget(this.#firstToDrop());
      dropped += 1;
    }
    return dropped;
  }

  /** The oldest event and the next ones of its channel that fit into one message with it. They stay in the buffer. */
  nextBatch(messageBytes: number): PendingEvent[] {
    const batch: PendingEvent[] = [];
    let bytes = 1;
    for (const entry of this.#waiting.values()) {
      if (batch[0] && entry.event.channel !== batch[0].event.channel) continue;
      // One more byte for the comma or the bracket.
      bytes += entry.bytes + 1;
      if (batch.length > 0 && bytes > messageBytes) break;
      batch.push(entry);
    }
    return batch;
  }

  /** Removes sent events. A progress event that a newer one replaced during the send stays. */
  remove(entries: readonly PendingEvent[]): void {
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

  #firstToDrop(): string {
    for (const keys of [this.#progress, this.#waiting.keys()]) for (const oldest of keys) return oldest;
    throw new Error("an empty event buffer has nothing to drop");
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
  const about = runReferenceOf(event);
  return about?.isProgress ? `progress ${about.runId}` : event.id;
}
