import { sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";

/** The extension `vector` in this database. */
export interface Pgvector {
  /** Its version; null when the extension is not created. */
  readonly installed: string | null;
  /** The version that `create extension` would create; null when the server has none. */
  readonly available: string | null;
  /** Whether the type `halfvec` can be used: since version 0.7, in a schema of the search path. */
  readonly isUsable: boolean;
}

export async function pgvector(db: Executor): Promise<Pgvector> {
  const [row] = await db.execute<Pgvector & Record<string, unknown>>(sql`
    select (select extversion from pg_extension where extname = 'vector') as installed,
           (select default_version from pg_available_extensions where name = 'vector') as available,
           to_regtype('halfvec') is not null as "isUsable"`);
  return row!;
}

/** Creates the extension. The server may have to allow it first: `azure.extensions` on Azure. */
export async function createPgvector(tx: Tx): Promise<void> {
  await tx.execute(sql`create extension if not exists vector`);
}
