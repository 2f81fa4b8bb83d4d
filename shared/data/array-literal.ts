import { type SQL, sql } from "drizzle-orm";

/**
 * A column of texts that may hold anything as the literal of a PostgreSQL array, for `unnest`; null is NULL. For what needs no
 * quotes `plainArray` is cheaper.
 */
export function textArray(values: readonly (string | null)[]): string {
  const escaped = values.map(
    (value) => value !== null && (/["\\]/.test(value) ? value.replace(/["\\]/g, "\\$&") : value),
  );
  if (escaped.includes(false)) return `{${escaped.map((text) => (text === false ? "NULL" : `"${text}"`)).join(",")}}`;
  // The quotes go with the commas: a quoted text of each would be garbage at once.
  return values.length === 0 ? "{}" : `{"${escaped.join('","')}"}`;
}

/**
 * Ids, names, dates and numbers, which hold no quotes, commas or braces, as one array parameter; cast it to what they are.
 * null is NULL.
 */
export function plainArray(values: readonly (string | number | null)[]): SQL {
  return sql`${`{${values.map((value) => value ?? "NULL").join(",")}}`}::text[]`;
}
