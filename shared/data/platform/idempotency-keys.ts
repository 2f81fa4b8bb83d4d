import { eq, inArray, lt } from "drizzle-orm";
import type { Tx } from "../client.ts";
import { idempotencyKeys } from "./control-schema.ts";

type KeyedRequest = typeof idempotencyKeys.$inferSelect;

/**
 * Takes a key for the caller's transaction: of two requests at once the second waits here until the first has committed, and then
 * gets what that was.
 * @returns the earlier request of that key; undefined when the key is the caller's
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

/** Keeps with a key what its request has started. */
export async function completeIdempotencyKey(
  tx: Tx,
  key: string,
  started: Partial<Pick<KeyedRequest, "runId" | "response">>,
): Promise<void> {
  await tx.update(idempotencyKeys).set(started).where(eq(idempotencyKeys.key, key));
}

/** @returns how many */
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
