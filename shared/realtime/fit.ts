import { storable } from "#redaction/jsonb-safe.ts";
import type { Waiting } from "./backlog.ts";
import type { LiveEvent } from "./live-event.ts";

/** How much is kept of data that is too large, from generous to bare. */
const CUTS = [
  { text: 4_096, items: 200, depth: 8 },
  { text: 512, items: 30, depth: 5 },
  { text: 64, items: 5, depth: 3 },
] as const;

/**
 * An event that can be sent: its data as plain JSON values, cut when the whole is larger than `maxBytes`. Cut data keeps its
 * shape (long texts and lists end early, deep parts are left out) and the event says `truncated`. Data that no cut makes
 * small enough is left out altogether.
 */
export function fitted(event: LiveEvent, maxBytes: number): Waiting {
  const data = storable(event.data) ?? null;
  const whole = waiting({ ...event, data });
  if (whole.bytes <= maxBytes) return whole;
  for (const cut of CUTS) {
    const shorter = waiting({ ...event, data: shorten(data, cut, 0), truncated: true });
    if (shorter.bytes <= maxBytes) return shorter;
  }
  return waiting({ ...event, data: null, truncated: true });
}

function waiting(event: LiveEvent): Waiting {
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
