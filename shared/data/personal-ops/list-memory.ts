import { and, desc, eq, isNull, lt, sql } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { memoryItems } from "./personal-ops-schema.ts";

interface MemoryQuery {
  /** Words that title and text have together, with the operators of a web search: `"exact words"`, `or`, `-without`. */
  readonly words?: string | undefined;
  /** Of one key, with the items that are no longer valid. Default: the valid items of all keys. */
  readonly key?: string | undefined;
  /** The id of the last one of the page before. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Items of the memory, newest first. */
export async function listMemory(db: Executor, { words, key, before, limit }: MemoryQuery) {
  return db
    .select({
      id: memoryItems.id,
      key: memoryItems.key,
      title: memoryItems.title,
      text: sql<string>`left(${memoryItems.value}, 10000)`,
      data: memoryItems.data,
      authority: memoryItems.authority,
      source: memoryItems.sourceType,
      validFrom: memoryItems.validFrom,
      validTo: memoryItems.validTo,
      supersededBy: memoryItems.supersededBy,
      supersedeReason: memoryItems.supersedeReason,
    })
    .from(memoryItems)
    .where(
      and(
        key === undefined ? isNull(memoryItems.validTo) : eq(memoryItems.key, key),
        // As the index has it.
        words === undefined
          ? undefined
          : sql`to_tsvector('simple', ${memoryItems.title} || ' ' || left(${memoryItems.value}, 100000)) @@ websearch_to_tsquery('simple', ${words})`,
        before === undefined ? undefined : lt(memoryItems.id, before),
      ),
    )
    .orderBy(desc(memoryItems.id))
    .limit(limit);
}
