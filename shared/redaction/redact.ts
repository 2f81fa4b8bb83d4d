import { withoutParameters } from "./failed-query.ts";
import { isMailContent, isSecretField, isSecretName } from "./secret-names.ts";
import { REDACTED, redactPatterns } from "./secret-patterns.ts";

/** How much of a value is shown. The number of omitted elements is shown. */
export interface Limits {
  readonly depth: number;
  /** Elements of one list. */
  readonly items: number;
  /** UTF-16 units of one text. */
  readonly text: number;
  /** Values in total: a wide or often shared object cannot grow without bound. */
  readonly values: number;
  /** UTF-16 units in total. */
  readonly units: number;
}

const LOG_LIMITS: Limits = { depth: 6, items: 100, text: 32_768, values: 10_000, units: 262_144 };
/** A secret that truncation would cut in two is recognised when it ends within this many units after the cut. */
const OVERLAP = 4_096;

/** Replaces secrets in a text with `[redacted]`, and truncates it to `max` UTF-16 units (default 32,768). */
export function redactText(text: string, max = LOG_LIMITS.text): string {
  if (text.length <= max) return redactPatterns(text);
  const clean = redactPatterns(text.slice(0, max + OVERLAP)).slice(0, max);
  return `${clean.toWellFormed()}… (${text.length} characters)`;
}

/**
 * A copy of `value` in plain JSON values that is safe to show: without secrets, errors with stack and causes, cycles
 * and deep parts cut, long lists shortened. Never throws: an unreadable part is `[unreadable]`.
 * @param limits default: those of a log line
 */
export function redact(value: unknown, limits: Partial<Limits> = {}): unknown {
  const allowed = { ...LOG_LIMITS, ...limits };
  return new Redaction(allowed).copy(value, 0);
}

class Redaction {
  readonly #limits: Limits;
  readonly #above = new Set<object>();
  #values: number;
  #units: number;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#values = limits.values;
    this.#units = limits.units;
  }

  copy(value: unknown, depth: number): unknown {
    if (--this.#values < 0) return "[…]";
    switch (typeof value) {
      case "string":
        return this.#text(value);
      case "number":
        return Number.isFinite(value) ? value : String(value);
      case "bigint":
        return value.toString();
      case "function":
      case "symbol":
        return `[${typeof value}]`;
      case "object":
        return value === null ? null : this.#object(value, depth);
      default:
        return value;
    }
  }

  #text(text: string): string {
    const clean = redactText(text, Math.max(0, Math.min(this.#limits.text, this.#units)));
    this.#units -= clean.length;
    return clean;
  }

  #object(value: object, depth: number): unknown {
    if (this.#above.has(value)) return "[circular]";
    if (depth >= this.#limits.depth) return "[…]";
    this.#above.add(value);
    try {
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString();
      if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
      if (value instanceof Error) return this.#error(value, depth);
      if (Array.isArray(value)) return this.#list(value, depth);
      if (value instanceof Set) return this.#list([...value], depth);
      if (value instanceof Map)
        return this.#fields(
          [...value].map(([name, field]) => [String(name), field]),
          depth,
        );
      if ("toJSON" in value && typeof value.toJSON === "function")
        return this.copy((value as { toJSON: () => unknown }).toJSON(), depth + 1);
      return this.#fields(Object.entries(value), depth);
    } catch {
      return "[unreadable]";
    } finally {
      this.#above.delete(value);
    }
  }

  #fields(entries: readonly (readonly [string, unknown])[], depth: number): Record<string, unknown> {
    const hasSubject = entries.some(([name]) => name.toLowerCase() === "subject");
    // A header or a form field in the shape { name, value }.
    const named = entries.find(([name]) => /^(name|key|header)$/i.test(name))?.[1];
    const isPair = typeof named === "string" && isSecretName(named);
    const shown: [string, unknown][] = [];
    for (const [name, field] of entries) {
      if (this.#values <= 0) {
        shown.push(["…", `and ${entries.length - shown.length} more`]);
        break;
      }
      const isSecret =
        isSecretField(name, field) || isMailContent(name, field, { hasSubject }) || (isPair && /^value$/i.test(name));
      shown.push([this.#text(name), isSecret ? REDACTED : this.copy(field, depth + 1)]);
    }
    return Object.fromEntries(shown);
  }

  #list(list: readonly unknown[], depth: number): unknown[] {
    const [first, second] = list;
    // A header in the shape [name, value].
    if (list.length === 2 && typeof first === "string" && typeof second === "string" && isSecretName(first)) {
      return [this.#text(first), REDACTED];
    }
    const kept = list.slice(0, this.#limits.items).map((item) => this.copy(item, depth + 1));
    return list.length > kept.length ? [...kept, `… and ${list.length - kept.length} more`] : kept;
  }

  #error(error: Error, depth: number): Record<string, unknown> {
    // The name, message and stack of an error may be of any type.
    const { name, message: words, stack: frames = "", cause } = error as unknown as Record<string, unknown>;
    const code = "code" in error ? error.code : undefined;
    const { message, stack } = withoutParameters({ message: String(words), stack: String(frames) });
    return {
      name: this.#text(String(name)),
      message: this.#text(message),
      stack: this.#text(stack),
      ...((typeof code === "string" || typeof code === "number") && { code: this.copy(code, depth + 1) }),
      ...(error instanceof AggregateError && { errors: this.#list(error.errors as unknown[], depth + 1) }),
      ...(cause !== undefined && { cause: this.copy(cause, depth + 1) }),
    };
  }
}
