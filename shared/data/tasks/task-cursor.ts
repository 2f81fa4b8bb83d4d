import { type SQL, sql } from "drizzle-orm";

/** The sort key of the last row of a page: its instant and id, as PostgreSQL writes them. */
export type TaskCursor = readonly [at: string, id: string];

/** SQL condition for rows after a cursor; an index on both columns starts there. */
export function afterCursor(column: string, idType: "bigint" | "uuid", cursor: TaskCursor | null): SQL {
  if (cursor === null) return sql``;
  return sql`and (${sql.raw(column)}, id) > (${cursor[0]}::timestamptz, ${cursor[1]}::${sql.raw(idType)})`;
}
