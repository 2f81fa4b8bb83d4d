import { jsonbSafeText } from "./jsonb-safe.ts";

/**
 * The error, its causes and the errors of an `AggregateError`, the error first. At most eight, so that a chain of
 * causes that leads back to itself ends.
 */
export function causes(error: unknown): object[] {
  const found = new Set<object>();
  const open: unknown[] = [error];
  for (const e of open) {
    if (((typeof e !== "object" || e === null) && typeof e !== "function") || found.has(e)) continue;
    if (found.size === 8) break;
    found.add(e);
    open.push(readProperty(e, "cause"));
    if (isError(e) && readProperty(e, "name") === "AggregateError") open.push(...aggregatedErrors(e));
  }
  return [...found];
}

function aggregatedErrors(e: Error): unknown[] {
  const errors = readProperty(e, "errors");
  try {
    return Array.isArray(errors) ? errors.slice(0, 8) : [];
  } catch {
    return [];
  }
}

export function isError(value: unknown): value is Error {
  return isInstance(value, Error);
}

/** `instanceof` for any thrown value; false where a proxy throws. */
export function isInstance<T>(value: unknown, kind: abstract new (...args: never[]) => T): value is T {
  try {
    return value instanceof kind;
  } catch {
    return false;
  }
}

/** A property of any thrown value; undefined where a getter or a proxy throws. */
export function readProperty(value: object, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

/** Whether any thrown value has a property, also one that is undefined; false where a proxy throws. */
export function hasProperty(value: object, name: string): boolean {
  try {
    return name in value;
  } catch {
    return false;
  }
}

/** A thrown value that is not an error, as one line of at most 1,024 UTF-16 units. */
export function describeThrown(value: unknown): string {
  try {
    return typeof value === "object" ? JSON.stringify(value) : jsonbSafeText(value, 1_024);
  } catch {
    return jsonbSafeText(value, 1_024);
  }
}
