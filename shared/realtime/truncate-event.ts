import { jsonbSafe } from "#redaction/jsonb-safe.ts";
import type { PendingEvent } from "./event-buffer.ts";
import type { LiveEvent } from "./live-event.ts";

/** How much of too large data is kept, from the mildest truncation to the strictest. */
const CUTS = [
  { text: 4_096, items: 200, depth: 8 },
  { text: 512, items: 30, depth: 5 },
  { text: 64, items: 5, depth: 3 },
] as const;

/**
 * An event that can be sent: its data as plain JSON values, truncated when the event is larger than `maxBytes`.
 * Truncated data keeps its shape: long texts and lists end early, deep parts are null, and the event has `truncated:
 * true`. Data that stays too large is null.
 */
export function truncateEvent(event: LiveEvent, maxBytes: number): PendingEvent {
  const data = jsonbSafe(event.data) ?? null;
  const whole = pendingEvent({ ...event, data });
  if (whole.bytes <= maxBytes) return whole;
  for (const cut of CUTS) {
    const shorter = pendingEvent({ ...event, data: shorten(data, cut, 0), truncated: true });
    if (shorter.bytes <= maxBytes) return shorter;
  }
  return pendingEvent({ ...event, data: null, truncated: true });
}

function pendingEvent(event: LiveEvent): PendingEvent {
  return { event, bytes: Buffer.byteLength(JSON.stringify(event)) };
}

function shorten(value: unknown, cut: (typeof CUTS)[number], depth: number): unknown {
  if (typeof value === "string") {
    return value.length > cut.text ? `${value.slice(0, cut.text).toWellFormed()}…` : value;
  }
  if (typeof value !== "object" || value === null) return value;
  if (depth >= cut.depth) return null;
  if (Array.isArray(value)) return value.slice(0, cut.items).map((item) => shorten(item, cut, depth + 1));
  const fields = Object.entries(value).slice(0, cut.items);
  return Object.fromEntries(fields.map(([name, field]) => [name, shorten(field, cut, depth + 1)]));
}
