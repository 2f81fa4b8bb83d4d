import { type SQL, sql } from "drizzle-orm";

/** Where a page of rows ended: the instant by which they are ordered and the id, both as PostgreSQL writes them. */
export type TaskCursor = readonly [at: string, id: string];

/** Only what comes after a place: an index on both columns starts there, however many rows lie before it. */
export function afterCursor(column: string, idType: "bigint" | "uuid", place: TaskCursor | null): SQL {
  if (place === null) return sql``;
  return sql`and (${sql.raw(column)}, id) > (${place[0]}::timestamptz, ${place[1]}::${sql.raw(idType)})`;
}
