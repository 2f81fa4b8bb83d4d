import { type SQL, sql } from "drizzle-orm";

/** The table of an index: one row for each entity, with its vector in 16 bits a dimension. */
export function indexTable(id: number): SQL {
  return sql.raw(`vectors.index_${id}`);
}
