/** What an expression can come to. Names of groups are the only collection. */
export type Value = string | number | boolean | null | ReadonlySet<string>;

/** The functions of the filter language, by name. A function of null is null. */
export const FUNCTIONS: Readonly<Record<string, (values: readonly Value[]) => Value>> = {
  length: ([value = null]) => (value instanceof Set ? value.size : onText(value, (text) => text.length)),
  tolower: ([value = null]) => onText(value, (text) => text.toLowerCase()),
  toupper: ([value = null]) => onText(value, (text) => text.toUpperCase()),
  trim: ([value = null]) => onText(value, (text) => text.trim()),
  indexof: ([value = null, part = null]) => onTexts(value, part, (text, piece) => text.indexOf(piece)),
  concat: ([value = null, part = null]) => onTexts(value, part, (text, piece) => text + piece),
  contains: ([value = null, part = null]) => onTexts(value, part, (text, piece) => text.includes(piece)) ?? false,
  startswith: ([value = null, part = null]) => onTexts(value, part, (text, piece) => text.startsWith(piece)) ?? false,
  endswith: ([value = null, part = null]) => onTexts(value, part, (text, piece) => text.endsWith(piece)) ?? false,
  substring: ([value = null, start = null, count]) =>
    onText(value, (text) => {
      const from = numberOf(start);
      return count === undefined ? text.slice(from) : text.slice(from, from + numberOf(count));
    }),
};

function onText<T extends Value>(value: Value, apply: (text: string) => T): T | null {
  if (value === null) return null;
  if (typeof value !== "string") throw new Error(`expected a text, got ${shown(value)}`);
  return apply(value);
}

function onTexts<T extends Value>(value: Value, other: Value, apply: (text: string, other: string) => T): T | null {
  return onText(value, (text) => onText(other, (second) => apply(text, second)));
}

function numberOf(value: Value): number {
  if (typeof value !== "number") throw new Error(`expected a number, got ${shown(value)}`);
  return value;
}

export function shown(value: Value): string {
  return value instanceof Set ? "groups" : JSON.stringify(value);
}
