import { sql, type SQL } from "drizzle-orm";

/**
 * A column of values as the literal of a PostgreSQL array, for `unnest`. Texts may hold anything; null is NULL.
 * Dates, ids and numbers need no quotes, so for those joining is enough and cheaper.
 */
export function textArray(values: readonly (string | null)[]): string {
  return `{${values.map((value) => (value === null ? "NULL" : quoted(value))).join(",")}}`;
}

function quoted(text: string): string {
  return `"${/["\\]/.test(text) ? text.replace(/["\\]/g, "\\$&") : text}"`;
}

/** Ids and names, which hold no quotes, commas or braces, as one array parameter; cast it to what they are. */
export function plainArray(values: readonly string[]): SQL {
  return sql`${`{${values.join(",")}}`}::text[]`;
}
