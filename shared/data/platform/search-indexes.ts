import { sql } from "drizzle-orm";
import type { Db } from "../client.ts";
import { quoteQualifiedName } from "../identifier.ts";

/** An index for searching texts or vectors. */
export interface SearchIndex {
  readonly schema: string;
  readonly name: string;
  /** What a rebuild that was cut off has left behind: nobody reads it, and every write keeps it up. */
  readonly isLeftover: boolean;
}

/**
 * All such indexes of the app's own tables, the leftovers first. Those of exclusion constraints are not among them: the database
 * cannot rebuild them while others work.
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

/** Builds it anew beside the old one and swaps them; readers and writers go on. Outside of any transaction. */
export function rebuildIndex(db: Db, index: SearchIndex, signal: AbortSignal): Promise<void> {
  return alone(db, `reindex index concurrently ${quoteQualifiedName(index)}`, signal);
}

/** When a rebuild that still goes on has finished meanwhile, there is nothing of that name any more. */
export function dropLeftover(db: Db, index: SearchIndex, signal: AbortSignal): Promise<void> {
  return alone(db, `drop index concurrently if exists ${quoteQualifiedName(index)}`, signal);
}

/** A statement that must be alone in its transaction. The signal makes the database stop it. */
async function alone(db: Db, statement: string, signal: AbortSignal): Promise<void> {
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
