import { storableText } from "./jsonb-safe.ts";

/** The error, what caused it and what it gathers (`AggregateError`), at most eight: a cycle must not hang the ledger. */
export function causes(error: unknown): object[] {
  const found = new Set<object>();
  const open: unknown[] = [error];
  for (const e of open) {
    if (((typeof e !== "object" || e === null) && typeof e !== "function") || found.has(e)) continue;
    if (found.size === 8) break;
    found.add(e);
    open.push(read(e, "cause"));
    if (isError(e) && read(e, "name") === "AggregateError") open.push(...gathered(e));
  }
  return [...found];
}

function gathered(e: Error): unknown[] {
  const errors = read(e, "errors");
  try {
    return Array.isArray(errors) ? errors.slice(0, 8) : [];
  } catch {
    return [];
  }
}

export function isError(value: unknown): value is Error {
  return isA(value, Error);
}

/** `instanceof` for anything that was thrown: a proxy may throw at that as well. */
export function isA<T>(value: unknown, kind: abstract new (...args: never[]) => T): value is T {
  try {
    return value instanceof kind;
  } catch {
    return false;
  }
}

/** A property of anything that was thrown: a getter or a proxy may throw in its turn. */
export function read(value: object, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

/** Whether anything that was thrown has a property, be it undefined. */
export function has(value: object, name: string): boolean {
  try {
    return name in value;
  } catch {
    return false;
  }
}

/** A thrown value in a line. */
export function describe(value: unknown): string {
  try {
    return typeof value === "object" ? JSON.stringify(value) : storableText(value, 1_024);
  } catch {
    return storableText(value, 1_024);
  }
}
