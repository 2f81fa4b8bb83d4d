import { type SQL, sql } from "drizzle-orm";

/**
 * Any texts as the literal of a PostgreSQL array, for `unnest`; null becomes NULL. `plainArray` is cheaper for values
 * that need no quotes.
 */
export function textArray(values: readonly (string | null)[]): string {
  const escaped = values.map(
    (value) => value !== null && (/["\\]/.test(value) ? value.replace(/["\\]/g, "\\$&") : value),
  );
  if (escaped.includes(false)) return `{${escaped.map((text) => (text === false ? "NULL" : `"${text}"`)).join(",")}}`;
  // The join adds the quotes, which saves one temporary string a value.
  return values.length === 0 ? "{}" : `{"${escaped.join('","')}"}`;
}

/**
 * Ids, names, dates and numbers as one array parameter. Values must hold no quotes, commas or braces; cast the
 * parameter to their type. null becomes NULL.
 */
export function plainArray(values: readonly (string | number | null)[]): SQL {
  return sql`${`{${values.map((value) => value ?? "NULL").join(",")}}`}::text[]`;
}

/** Series of bytes as one array parameter. */
export function bytesArray(values: readonly Buffer[]): SQL {
  return sql`${`{${values.map((bytes) => `"\\\\x${bytes.toString("hex")}"`).join(",")}}`}::bytea[]`;
}
