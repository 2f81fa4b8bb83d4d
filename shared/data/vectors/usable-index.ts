import { sql } from "drizzle-orm";
import type { Db } from "../client.ts";
import type { VectorSet } from "./vector-items.ts";
import { indexes } from "./vectors-schema.ts";

/** An index that a search can use. */
export interface UsableIndex {
  readonly id: number;
  readonly dimensions: number;
  readonly efSearch: number;
}

/** The index of a set, when it is complete and was measured. */
export async function usableIndex(db: Db, { kind, model }: VectorSet): Promise<UsableIndex | undefined> {
  const [index] = await db.execute<UsableIndex & Record<string, unknown>>(sql`
    select id::float8 as id, dimensions, ef_search as "efSearch" from ${indexes}
     where kind = ${kind} and model = ${model} and state = 'ready'`);
  return index;
}

/** The message of an error that the index causes, or its absence; undefined for another error. */
export function indexFault(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { readonly code?: unknown };
    // Not supported, data, a name that does not exist or a missing right, a missing file, an internal error.
    if (typeof code === "string" && /^(0A|22|42|58|XX)...$/.test(code)) return `${code} ${cause.message}`;
  }
  return undefined;
}

/** Lets searches compare all vectors, until the index is built again. */
export async function markFailed(db: Db, id: number, error: string): Promise<void> {
  await db.execute(sql`
    update ${indexes} set state = 'failed', error = ${error}, changed_at = now() where id = ${id} and state = 'ready'`);
}
