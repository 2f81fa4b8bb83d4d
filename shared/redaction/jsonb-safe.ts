/** How deep a stored value may nest; JSON of the database and every reader of it can take this. */
const MAX_DEPTH = 64;

/**
 * A copy of any value that the database takes as JSON. Jobs return what they like, and a run must be able to end whatever
 * that is: PostgreSQL refuses U+0000 and halves of surrogate pairs, JSON has no bigint, cycle or NaN.
 * @param units about how many characters of JSON it may be; texts are cut and the rest is left out. Default: any number
 */
export function storable(value: unknown, units = Infinity): unknown {
  return copyOf(value, { above: new Set(), units });
}

interface Copying {
  /** What the value stands in, to find cycles and depth. */
  readonly above: Set<object>;
  /** Characters that may still come. */
  units: number;
}

/** Whether the database takes a value as it is, so that nobody has to copy it. What it has doubts about, `storable` sees to. */
export function isStorable(value: unknown, depth = 0): boolean {
  switch (typeof value) {
    case "string":
      return isStorableText(value, Infinity);
    case "number":
      return Number.isFinite(value);
    case "boolean":
      return true;
    case "object":
      return value === null || (depth < MAX_DEPTH && isPlainObject(value, depth + 1));
    default:
      return false;
  }
}

/** Whether `storableText` would give back the very text. */
export function isStorableText(text: string, max: number): boolean {
  return text.length <= max && text.isWellFormed() && !text.includes("\0");
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

function isPlainObject(value: object, depth: number): boolean {
  // A hole in a list is met here, and is none of a storable value's.
  if (Array.isArray(value)) return !value.includes(undefined) && value.every((element) => isStorable(element, depth));
  if (Object.getPrototypeOf(value) !== Object.prototype || "toJSON" in value) return false;
  try {
    for (const name in value) {
      if (!isStorableText(name, Infinity) || !isStorable((value as Record<string, unknown>)[name], depth)) return false;
    }
    return true;
  } catch {
    return false;
  }
}

function copyOf(value: unknown, copying: Copying): unknown {
  // The least that a value and the comma behind it take.
  copying.units -= 2;
  switch (typeof value) {
    case "string":
      return textWithin(value, copying);
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "bigint":
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    case "boolean":
    case "undefined":
      return value;
    case "object":
      return value === null ? null : copyOfObject(value, copying);
    default:
      return `[${typeof value}]`;
  }
}

/** Half of what is left at most: what follows a long text is mostly worth more than its end. */
function textWithin(text: string, copying: Copying): string {
  const most = Math.floor(Math.max(0, copying.units) / 2);
  copying.units -= Math.min(text.length, most);
  if (text.length <= most) return storableText(text, Infinity);
  return `${storableText(text, most)}… (${text.length} characters)`;
}

function copyOfObject(value: object, copying: Copying): unknown {
  const { above } = copying;
  if (above.has(value)) return "[circular]";
  if (above.size >= MAX_DEPTH) return "[…]";
  above.add(value);
  try {
    if ("toJSON" in value && typeof value.toJSON === "function")
      return copyOf((value as { toJSON: () => unknown }).toJSON(), copying);
    if (Array.isArray(value)) return copyOfList(value, copying);
    if (value instanceof Map || value instanceof Set) return copyOf([...value], copying);
    return copyOfFields(Object.entries(value), copying);
  } catch {
    return "[unreadable]";
  } finally {
    above.delete(value);
  }
}

/** JSON has no hole: what is missing in a list is null, what is missing in an object is left out. */
function copyOfList(list: readonly unknown[], copying: Copying): unknown[] {
  const copies: unknown[] = [];
  for (let i = 0; i < list.length; i++) {
    if (copying.units <= 0) return [...copies, `… and ${list.length - i} more`];
    copies.push(copyOf(list[i], copying) ?? null);
  }
  return copies;
}

function copyOfFields(fields: readonly (readonly [string, unknown])[], copying: Copying): Record<string, unknown> {
  const copies: [string, unknown][] = [];
  for (const [i, [name, field]] of fields.entries()) {
    if (copying.units <= 0) {
      copies.push(["…", `and ${fields.length - i} more`]);
      break;
    }
    const shown = textWithin(name, copying);
    const copy = copyOf(field, copying);
    if (copy !== undefined) copies.push([shown, copy]);
  }
  return Object.fromEntries(copies);
}
