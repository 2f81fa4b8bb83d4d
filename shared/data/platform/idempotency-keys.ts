import { eq, inArray, lt } from "drizzle-orm";
import type { Tx } from "../client.ts";
import { idempotencyKeys } from "./control-schema.ts";

type KeyedRequest = typeof idempotencyKeys.$inferSelect;

/**
 * Claims a key for the caller's transaction. A concurrent request with the same key waits here until this transaction
 * ends.
 * @returns the earlier request with that key; undefined when the caller has claimed it
 */
export async function claimIdempotencyKey(
  tx: Tx,
  { key, fingerprint, now }: { key: string; fingerprint: string; now: Date },
): Promise<KeyedRequest | undefined> {
  const claimed = await tx
    .insert(idempotencyKeys)
    .values({ key, fingerprint, createdAt: now })
    .onConflictDoNothing()
    .returning({ key: idempotencyKeys.key });
  if (claimed.length > 0) return undefined;
  const [earlier] = await tx.select().from(idempotencyKeys).where(eq(idempotencyKeys.key, key));
  return earlier;
}

/** Stores with a key what its request started. */
export async function completeIdempotencyKey(
  tx: Tx,
  key: string,
  started: Partial<Pick<KeyedRequest, "runId" | "response">>,
): Promise<void> {
  await tx.update(idempotencyKeys).set(started).where(eq(idempotencyKeys.key, key));
}

/** @returns the number of deleted keys */
export async function deleteOldIdempotencyKeys(tx: Tx, before: Date, limit: number): Promise<number> {
  const old = tx
    .select({ key: idempotencyKeys.key })
    .from(idempotencyKeys)
    .where(lt(idempotencyKeys.createdAt, before))
    .orderBy(idempotencyKeys.createdAt)
    .limit(limit);
  const deleted = await tx
    .delete(idempotencyKeys)
    .where(inArray(idempotencyKeys.key, old))
    .returning({ key: idempotencyKeys.key });
  return deleted.length;
}
