import { sql, type SQL } from "drizzle-orm";

/**
 * A column of texts that may hold anything as the literal of a PostgreSQL array, for `unnest`; null is NULL. For what needs no
 * quotes `plainArray` is cheaper.
 */
export function textArray(values: readonly (string | null)[]): string {
  return `{${values.map((value) => (value === null ? "NULL" : quoted(value))).join(",")}}`;
}

function quoted(text: string): string {
  return `"${/["\\]/.test(text) ? text.replace(/["\\]/g, "\\$&") : text}"`;
}

/**
 * Ids, names, dates and numbers, which hold no quotes, commas or braces, as one array parameter; cast it to what they are.
 * null is NULL.
 */
export function plainArray(values: readonly (string | number | null)[]): SQL {
  return sql`${`{${values.map((value) => value ?? "NULL").join(",")}}`}::text[]`;
}
