import { Decimal } from "decimal.js";

/** JSON in which every number is its source text: a JavaScript number would change its digits. */
export type ExactJson = string | boolean | null | readonly ExactJson[] | { readonly [name: string]: ExactJson };

/** Parses JSON with each number as its source text (`1.10` as "1.10"). @throws SyntaxError */
export function parseExactJson(text: string): ExactJson {
  return withNumbersQuoted(text) ?? withEachNumberRead(text);
}

/** A number where JSON has one: in a list or after a name. */
const NUMBER = /(?<=[[:,]\s*)-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?=\s*[,\]}])/g;

/**
 * Three times as fast as a reviver. A number within a text gets quotes as well; they end the text before a digit, which
 * is invalid JSON, so the result is never wrong.
 * @returns undefined when the quoted text is invalid JSON
 */
function withNumbersQuoted(text: string): ExactJson | undefined {
  try {
    const parsed = JSON.parse(text.replace(NUMBER, '"$&"')) as ExactJson | number;
    return typeof parsed === "number" ? undefined : parsed;
  } catch {
    return undefined;
  }
}

function withEachNumberRead(text: string): ExactJson {
  const parse = JSON.parse as (text: string, reviver: Reviver) => ExactJson;
  return parse(text, (_key, value, { source }) => (typeof value === "number" ? source : value));
}

/**
 * The reviver with its third argument (ES2026, JSON.parse source text access), which the type library does not have
 * yet.
 */
type Reviver = (key: string, value: unknown, context: { readonly source: string }) => unknown;

export function isJsonObject(value: ExactJson | undefined): value is { readonly [name: string]: ExactJson } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * The value as a decimal in plain notation (`1.2e-05` as "0.000012"), "" for a value that is not a text. The caller
 * checks whether it is a number.
 */
export function plainDecimal(value: ExactJson | undefined): string {
  if (typeof value !== "string") return "";
  const hasExponent = value.includes("e") || value.includes("E");
  return hasExponent && /^\d+(\.\d+)?e[+-]?\d{1,2}$/i.test(value) ? new Decimal(value).toFixed() : value;
}
