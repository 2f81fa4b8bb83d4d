import { createHash } from "node:crypto";
import { and, eq, inArray, isNull, sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Executor, Tx } from "../client.ts";
import { at } from "../sql-instant.ts";
import { type Authority, memoryItems, type Source } from "./personal-ops-schema.ts";

/** What a source says about a thing now. */
export interface RememberedItem {
  /** Names the thing: `notion.page.<id>`. */
  readonly key: string;
  readonly title: string;
  readonly value: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** How the source marks this state of it, such as the time of its last change. No part of the content. */
  readonly revision?: string;
  readonly authority: Authority;
  readonly sourceType: Source;
  readonly sourceId: string;
}

export interface MemoryCounts {
  readonly added: number;
  /** Items that a newer one has replaced. */
  readonly superseded: number;
  readonly unchanged: number;
}

/**
 * Stores what sources say, in the caller's transaction. The same content changes nothing; a changed one supersedes the
 * valid item with the reason `canonical_update` or `inferred_update`. Nothing is overwritten. The last item of a key
 * counts.
 */
export async function rememberItems(tx: Tx, items: readonly RememberedItem[], now: Date): Promise<MemoryCounts> {
  const given = [...new Map(items.map((item) => [item.key, item])).values()];
  if (given.length === 0) return { added: 0, superseded: 0, unchanged: 0 };
  await lockMemory(tx);
  const rows = JSON.stringify(given.map((item) => ({ ...item, hash: contentHash(item) })));
  const given$ = sql`jsonb_to_recordset(${rows}::jsonb) as given(key text, title text, value text, data jsonb,
    revision text, authority text, "sourceType" text, "sourceId" text, hash text)`;
  const superseded = await tx.execute<{ id: string }>(sql`
    update personal_ops.memory_items old
       set valid_to = greatest(old.valid_from, ${at(now)}), supersede_reason = given.authority || '_update'
      from ${given$}
     where old.key = given.key and old.valid_to is null and old.content_hash <> decode(given.hash, 'hex')
    returning old.id::text as id`);
  const added = await tx.execute(sql`
    insert into personal_ops.memory_items
           (key, title, value, data, authority, source_type, source_id, content_hash, valid_from)
    select key, title, value, data || jsonb_strip_nulls(jsonb_build_object('revision', revision)), authority, "sourceType", "sourceId", decode(hash, 'hex'), ${at(now)}
      from ${given$}
     where not exists (select from personal_ops.memory_items valid
                        where valid.key = given.key and valid.valid_to is null)
     order by key
    returning id`);
  if (superseded.length > 0) {
    await tx.execute(sql`
      update personal_ops.memory_items old set superseded_by = valid.id
        from personal_ops.memory_items valid
       where old.id = any(${plainArray(superseded.map(({ id }) => id))}::bigint[])
         and valid.key = old.key and valid.valid_to is null`);
  }
  return {
    added: added.length - superseded.length,
    superseded: superseded.length,
    unchanged: given.length - added.length,
  };
}

/** A valid item, without its content. */
export interface KnownItem {
  readonly key: string;
  readonly revision: string | null;
  readonly validFrom: Date;
}

/** The valid items with these keys. */
export async function knownItems(db: Executor, keys: readonly string[]): Promise<ReadonlyMap<string, KnownItem>> {
  const rows = await db
    .select({
      key: memoryItems.key,
      revision: sql<string | null>`${memoryItems.data} ->> 'revision'`,
      validFrom: memoryItems.validFrom,
    })
    .from(memoryItems)
    .where(and(inArray(memoryItems.key, [...keys]), isNull(memoryItems.validTo)));
  return new Map(rows.map((item) => [item.key, item]));
}

/** The keys of all valid items of a source. */
export async function validKeys(db: Executor, source: Source): Promise<readonly string[]> {
  const rows = await db
    .select({ key: memoryItems.key })
    .from(memoryItems)
    .where(and(eq(memoryItems.sourceType, source), isNull(memoryItems.validTo)));
  return rows.map(({ key }) => key);
}

/**
 * Ends the validity of items whose source no longer has them, with no successor. Should the source have one again, a
 * new item begins.
 * @returns how many
 */
export async function retireItems(
  tx: Tx,
  { keys, reason }: { readonly keys: readonly string[]; readonly reason: string },
  now: Date,
): Promise<number> {
  if (keys.length === 0) return 0;
  await lockMemory(tx);
  const rows = await tx.execute(sql`
    update personal_ops.memory_items
       set valid_to = greatest(valid_from, ${at(now)}), supersede_reason = ${reason}
     where key = any(${plainArray(keys)}) and valid_to is null
    returning id`);
  return rows.length;
}

/** Two transactions that remember one key: the second one sees the item of the first. */
async function lockMemory(tx: Tx): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('personal_ops memory', 0))`);
}

/** SHA-256 in hexadecimal of what the source says. */
function contentHash({ title, value, data, authority }: RememberedItem): string {
  return createHash("sha256")
    .update(JSON.stringify([title, value, data, authority]))
    .digest("hex");
}
