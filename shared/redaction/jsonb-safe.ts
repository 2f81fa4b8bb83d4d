/** Maximum nesting of a stored value; PostgreSQL and every reader of its JSON accept this. */
const MAX_DEPTH = 64;

/**
 * A copy of any value that PostgreSQL accepts as jsonb. A run must be able to end whatever its job returns: PostgreSQL
 * refuses U+0000 and lone surrogates, and JSON has no bigint, cycle or NaN.
 * @param units approximate maximum of JSON characters; longer texts are truncated, the rest is left out. Default: no
 * limit
 */
export function jsonbSafe(value: unknown, units = Infinity): unknown {
  return copyOf(value, { above: new Set(), units });
}

interface Copying {
  /** The objects that contain the current value: they show cycles and the depth. */
  readonly above: Set<object>;
  /** Characters that are left. */
  units: number;
}

/**
 * Whether PostgreSQL accepts a value unchanged, so that no copy is needed. False when in doubt: then use `jsonbSafe`.
 */
export function isJsonbSafe(value: unknown, depth = 0): boolean {
  switch (typeof value) {
    case "string":
      return isJsonbSafeText(value, Infinity);
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

/** Whether `jsonbSafeText` returns the same text. */
export function isJsonbSafeText(text: string, max: number): boolean {
  return text.length <= max && text.isWellFormed() && !text.includes("\0");
}

/** A text that PostgreSQL accepts, of at most `max` UTF-16 units. Other values are converted to a string. */
export function jsonbSafeText(value: unknown, max: number): string {
  let text: string;
  try {
    text = String(value);
  } catch {
    text = "[unreadable]";
  }
  return text.slice(0, max).toWellFormed().replaceAll("\0", "\uFFFD");
}

function isPlainObject(value: object, depth: number): boolean {
  // `includes` also finds holes, which JSON does not have.
  if (Array.isArray(value)) return !value.includes(undefined) && value.every((element) => isJsonbSafe(element, depth));
  if (Object.getPrototypeOf(value) !== Object.prototype || "toJSON" in value) return false;
  try {
    for (const name in value) {
      if (!isJsonbSafeText(name, Infinity) || !isJsonbSafe((value as Record<string, unknown>)[name], depth))
        return false;
    }
    return true;
  } catch {
    return false;
  }
}

function copyOf(value: unknown, copying: Copying): unknown {
  // The minimum that a value and its comma take.
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

/** At most half of what is left, because the fields after a long text matter more than its end. */
function textWithin(text: string, copying: Copying): string {
  const most = Math.floor(Math.max(0, copying.units) / 2);
  copying.units -= Math.min(text.length, most);
  if (text.length <= most) return jsonbSafeText(text, Infinity);
  return `${jsonbSafeText(text, most)}… (${text.length} characters)`;
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

/** JSON has no undefined: in a list it becomes null, in an object the field is left out. */
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
