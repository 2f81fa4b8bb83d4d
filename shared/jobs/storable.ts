/** How deep a stored value may nest; JSON of the database and every reader of it can take this. */
const MAX_DEPTH = 64;

/**
 * A copy of any value that the database takes as JSON. Jobs return what they like, and a run must be able to end whatever
 * that is: PostgreSQL refuses U+0000 and halves of surrogate pairs, JSON has no bigint, cycle or NaN.
 */
export function storable(value: unknown): unknown {
  return copyOf(value, new Set());
}

/** A text that the database takes, of at most `max` UTF-16 units. Anything that is no text is written as one. */
export function storableText(value: unknown, max: number): string {
  let text: string;
  try {
    text = String(value);
  } catch {
    text = "[unreadable]";
  }
  return text.slice(0, max).toWellFormed().replaceAll("\0", "\uFFFD");
}

function copyOf(value: unknown, above: Set<object>): unknown {
  switch (typeof value) {
    case "string":
      return storableText(value, Infinity);
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "bigint":
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case "boolean":
    case "undefined":
      return value;
    case "object":
      return value === null ? null : copyOfObject(value, above);
    default:
      return `[${typeof value}]`;
  }
}

function copyOfObject(value: object, above: Set<object>): unknown {
  if (above.has(value)) return "[circular]";
  if (above.size >= MAX_DEPTH) return "[…]";
  above.add(value);
  try {
    if ("toJSON" in value && typeof value.toJSON === "function")
      return copyOf((value as { toJSON: () => unknown }).toJSON(), above);
    // JSON has no hole: what is missing in a list is null, what is missing in an object is left out.
    if (Array.isArray(value)) return Array.from(value, (item) => copyOf(item, above) ?? null);
    if (value instanceof Map || value instanceof Set) return copyOf([...value], above);
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, field]) => {
        const copy = copyOf(field, above);
        return copy === undefined ? [] : [[storableText(name, Infinity), copy]];
      }),
    );
  } catch {
    return "[unreadable]";
  } finally {
    above.delete(value);
  }
}
