import { asc, eq, getTableColumns, sql } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { type PushSubscriptionRow, pushSubscriptions } from "./notification-schema.ts";

/** The subscriptions of a recipient, oldest first. */
export async function listSubscriptions(db: Executor, recipient: string): Promise<PushSubscriptionRow[]> {
  return db
    .select()
    .from(pushSubscriptions)
    .where(eq(pushSubscriptions.recipient, recipient))
    .orderBy(asc(pushSubscriptions.addedAt), asc(pushSubscriptions.id));
}

/** Stores a subscription. A known endpoint moves to the given recipient and gets the given keys. */
export async function saveSubscription(
  db: Executor,
  subscription: Omit<PushSubscriptionRow, "id">,
): Promise<PushSubscriptionRow & { readonly isNew: boolean }> {
  const { recipient, p256dh, auth } = subscription;
  const [saved] = await db
    .insert(pushSubscriptions)
    .values(subscription)
    .onConflictDoUpdate({ target: pushSubscriptions.endpoint, set: { recipient, p256dh, auth } })
    // xmax is 0 for an inserted row.
    .returning({ ...getTableColumns(pushSubscriptions), isNew: sql<boolean>`xmax = 0` });
  return saved!;
}

/** @returns whether there was one */
export async function removeSubscription(db: Executor, id: string): Promise<boolean> {
  const gone = await db
    .delete(pushSubscriptions)
    .where(eq(pushSubscriptions.id, id))
    .returning({ id: pushSubscriptions.id });
  return gone.length > 0;
}
