import type postgres from "postgres";
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
export async function searchIndexes(connection: postgres.Sql): Promise<SearchIndex[]> {
  const rows = await connection<SearchIndex[]>`
    select n.nspname as schema, c.relname as name, (not i.indisvalid and c.relname ~ '_cc(new|old)[0-9]*$') as "isLeftover"
      from pg_index i
      join pg_class c on c.oid = i.indexrelid
      join pg_namespace n on n.oid = c.relnamespace
      join pg_am method on method.oid = c.relam
     where method.amname in ('gin', 'gist', 'spgist', 'hnsw', 'ivfflat')
       and c.relkind = 'i' and c.relpersistence <> 't' and not i.indisexclusion
       and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
     order by 3 desc, 1, 2`;
  return [...rows];
}

/** Rebuilds an index while readers and writers continue. No transaction may hold the statement. */
export function rebuildIndex(connection: postgres.Sql, index: SearchIndex, signal: AbortSignal): Promise<void> {
  return cancellable(connection, `reindex index concurrently ${quoteQualifiedName(index)}`, signal);
}

/** Drops a leftover if it still exists: a running rebuild may have finished and removed it. */
export function dropLeftover(connection: postgres.Sql, index: SearchIndex, signal: AbortSignal): Promise<void> {
  return cancellable(connection, `drop index concurrently if exists ${quoteQualifiedName(index)}`, signal);
}

/** Sends a statement. The signal cancels it in the database. */
async function cancellable(connection: postgres.Sql, statement: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const query = connection.unsafe(statement).simple();
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
