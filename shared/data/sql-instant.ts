import { type SQL, sql } from "drizzle-orm";

/** An instant as a parameter of a statement. */
export function at(instant: Date): SQL {
  return sql`${instant.toISOString()}::timestamptz`;
}

/** An instant of a result row, which the driver returns as a text without a column type. */
export function dateOf(value: unknown): Date | null {
  return value === null || value === undefined ? null : new Date(value as string | Date);
}
