import { sql } from "drizzle-orm";
import type { Db } from "../client.ts";
import { quoteQualifiedName } from "../identifier.ts";

/** A text or vector search index. */
export interface SearchIndex {
  readonly schema: string;
  readonly name: string;
  /** Left by an interrupted rebuild: no query reads it, and every write still updates it. */
  readonly isLeftover: boolean;
}

/**
 * All search indexes of the app's tables, leftovers first. Without the indexes of exclusion constraints, which cannot
 * be rebuilt concurrently.
 */
export async function searchIndexes(db: Db): Promise<SearchIndex[]> {
  const rows = await db.execute<SearchIndex & Record<string, unknown>>(sql`
    select n.nspname as schema, c.relname as name, (not i.indisvalid and c.relname ~ '_cc(new|old)[0-9]*$') as "isLeftover"
      from pg_index i
      join pg_class c on c.oid = i.indexrelid
      join pg_namespace n on n.oid = c.relnamespace
      join pg_am method on method.oid = c.relam
     where method.amname in ('gin', 'gist', 'spgist', 'hnsw', 'ivfflat')
       and c.relkind = 'i' and c.relpersistence <> 't' and not i.indisexclusion
       and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
     order by 3 desc, 1, 2`);
  return [...rows];
}

/** Rebuilds an index while readers and writers continue. Not inside a transaction. */
export function rebuildIndex(db: Db, index: SearchIndex, signal: AbortSignal): Promise<void> {
  return withoutTransaction(db, `reindex index concurrently ${quoteQualifiedName(index)}`, signal);
}

/** Drops a leftover if it still exists: a running rebuild may have finished and removed it. */
export function dropLeftover(db: Db, index: SearchIndex, signal: AbortSignal): Promise<void> {
  return withoutTransaction(db, `drop index concurrently if exists ${quoteQualifiedName(index)}`, signal);
}

/** Sends a statement that cannot run inside a transaction. The signal cancels it in the database. */
async function withoutTransaction(db: Db, statement: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const query = db.$client.unsafe(statement).simple();
  const cancel = () => {
    query.cancel();
  };
  signal.addEventListener("abort", cancel, { once: true });
  try {
    await query;
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}
