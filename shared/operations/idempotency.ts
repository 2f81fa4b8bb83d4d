import { createHash } from "node:crypto";
import { InvalidInput } from "#jobs/endings.ts";

/**
 * Reads the header `Idempotency-Key`: 1 to 255 visible ASCII characters.
 * @returns null when it is absent
 * @throws InvalidInput when it is malformed
 */
export function idempotencyKey(header: string | null): string | null {
  if (header === null || /^[\x21-\x7e]{1,255}$/.test(header)) return header;
  const reason = `expected 1 to 255 visible ASCII characters, got ${header.length}`;
  throw new InvalidInput([{ field: "Idempotency-Key", reason }]);
}

/** A digest of a payload; the order of an object's members does not matter. */
export function fingerprintOf(payload: unknown): string {
  return createHash("sha256").update(canonical(payload)).digest("hex");
}

function canonical(value: unknown): string {
  // A date has no members of its own: it counts as its text.
  if (value instanceof Date) return JSON.stringify(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`);
  return `{${members.join(",")}}`;
}
