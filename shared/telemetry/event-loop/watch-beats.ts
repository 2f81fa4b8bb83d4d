import type { LAYOUT, readSlots } from "./active-work.ts";

export interface Watching {
  readonly shared: SharedArrayBuffer;
  readonly layout: typeof LAYOUT;
  readonly limitMs: number;
  /** How often the event loop comes around, and how often this thread looks. */
  readonly periodMs: number;
  /** The time between two lines about one block. */
  readonly repeatMs: number;
  /** Lines of JSON; otherwise text. */
  readonly isJson: boolean;
}

/**
 * Runs in a thread of its own: writes a line when the event loop of the main thread has not come around for `limitMs`.
 * The thread gets the text of this function, which therefore uses nothing outside of it.
 */
export function watchBeats(
  { shared, layout, limitMs, periodMs, repeatMs, isJson }: Watching,
  read: typeof readSlots,
): void {
  const { writeSync } = process.getBuiltinModule("node:fs");
  const STDERR = 2;
  const counters = new Int32Array(shared, 0, 3);
  const awakeMs = new Float64Array(shared, layout.awakeMs, 1);
  const bytes = Buffer.from(shared);
  let beats = Atomics.load(counters, layout.beats);
  let blockedMs = 0;
  // The main thread measures up to a period less: what is named here is over its limit too.
  const firstLineMs = limitMs + 2 * periodMs;
  let nextLineMs = firstLineMs;
  let lookedAt = performance.now();

  setInterval(() => {
    const now = performance.now();
    // A longer gap is time in which the whole process did not run: it was suspended.
    const ranMs = Math.min(now - lookedAt, limitMs / 2);
    lookedAt = now;
    awakeMs[0]! += ranMs;
    const seen = Atomics.load(counters, layout.beats);
    if (seen !== beats) {
      beats = seen;
      blockedMs = 0;
      nextLineMs = firstLineMs;
      return;
    }
    blockedMs += ranMs;
    if (blockedMs > limitMs / 2 && counters[layout.copiedAt] !== beats) {
      bytes.copyWithin(layout.copy, layout.slots, layout.copy);
      Atomics.store(counters, layout.copiedAt, beats);
    }
    if (blockedMs < nextLineMs) return;
    nextLineMs = blockedMs + repeatMs;
    write();
  }, periodMs);

  function write(): void {
    const active = read(bytes, layout, layout.slots);
    const more = Atomics.load(counters, layout.active) - active.length;
    const seconds = (blockedMs / 1_000).toFixed(1);
    const message = `The event loop has been blocked for ${seconds} s, and no other work of this process continues`;
    const names = active.map(({ name, id, count }) => `${name} ${id}${count > 1 ? ` and ${count - 1} more` : ""}`);
    const one =
      active.length === 1 && active[0]!.count === 1 && more === 0 ? { job: active[0]!.name, run: active[0]!.id } : {};
    const time = new Date().toISOString();
    const fields = { level: "error", message, ...one, blockedMs: Math.round(blockedMs), active: names, more };
    const text = `${time} ${message}. Active: ${names.join(", ") || "no run and no request"}${more > 0 ? ` and ${more} more` : ""}.`;
    try {
      writeSync(STDERR, `${isJson ? JSON.stringify({ time, ...fields }) : text}\n`);
    } catch {
      // A full pipe: the next line says it again.
      nextLineMs = blockedMs + limitMs;
    }
  }
}
