import { and, asc, desc, eq, gte, inArray, isNotNull, isNull, lt, lte, ne, or, type SQL, sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Executor } from "../client.ts";
import {
  type ChannelName,
  communicationAllowlist,
  type Notification,
  notificationDeliveries,
  type NotificationDelivery,
  notifications,
  type NotificationState,
  type Severity,
} from "./notification-schema.ts";
import { firstIdAt } from "./run-id.ts";

export interface NotificationFilter {
  readonly recipient?: string | undefined;
  readonly state?: NotificationState | undefined;
  readonly severity?: Severity | undefined;
  readonly type?: string | undefined;
  readonly isUnread?: boolean | undefined;
  readonly since?: Date | undefined;
  /** The id of the last one of the page before. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Those of some notifications that exist. */
export async function knownNotifications(db: Executor, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const found = await db
    .select({ id: notifications.id })
    .from(notifications)
    .where(inArray(notifications.id, [...ids]));
  return new Set(found.map(({ id }) => id));
}

/** Newest first. */
export async function listNotifications(db: Executor, filter: NotificationFilter): Promise<Notification[]> {
  const { recipient, state, severity, type, isUnread, since, before, limit } = filter;
  return db
    .select()
    .from(notifications)
    .where(
      and(
        recipient === undefined ? undefined : eq(notifications.recipient, recipient),
        state && eq(notifications.state, state),
        severity && eq(notifications.severity, severity),
        type === undefined ? undefined : eq(notifications.type, type),
        isUnread === undefined ? undefined : isUnread ? isNull(notifications.readAt) : isNotNull(notifications.readAt),
        since && gte(notifications.id, firstIdAt(since)),
        before === undefined ? undefined : lt(notifications.id, before),
      ),
    )
    .orderBy(desc(notifications.id))
    .limit(limit);
}

/** A notification with its deliveries, by attempt and channel. */
export async function findNotification(
  db: Executor,
  id: string,
): Promise<{ notification: Notification; deliveries: NotificationDelivery[] } | undefined> {
  const [notification] = await db.select().from(notifications).where(eq(notifications.id, id));
  if (!notification) return undefined;
  const deliveries = await db
    .select()
    .from(notificationDeliveries)
    .where(eq(notificationDeliveries.notificationId, id))
    .orderBy(asc(notificationDeliveries.attempt), asc(notificationDeliveries.channel));
  return { notification, deliveries };
}

/** The notification of a recipient with a dedupe key. */
export async function findByDedupeKey(
  db: Executor,
  recipient: string,
  dedupeKey: string,
): Promise<Notification | undefined> {
  const [found] = await db
    .select()
    .from(notifications)
    .where(and(eq(notifications.recipient, recipient), eq(notifications.dedupeKey, dedupeKey)));
  return found;
}

/** The same, locked: one transaction at a time decides about it. */
export async function lockByDedupeKey(
  tx: Executor,
  recipient: string,
  dedupeKey: string,
): Promise<Notification | undefined> {
  const [found] = await tx
    .select()
    .from(notifications)
    .where(and(eq(notifications.recipient, recipient), eq(notifications.dedupeKey, dedupeKey)))
    .for("update");
  return found;
}

/** The states of the newest notifications of a type to a recipient, newest first. */
export async function newestStates(
  db: Executor,
  { recipient, type, since, limit }: { recipient: string; type: string; since: Date; limit: number },
): Promise<NotificationState[]> {
  const rows = await db
    .select({ state: notifications.state })
    .from(notifications)
    .where(
      and(
        eq(notifications.recipient, recipient),
        gte(notifications.id, firstIdAt(since)),
        eq(notifications.type, type),
      ),
    )
    .orderBy(desc(notifications.id))
    .limit(limit);
  return rows.map(({ state }) => state);
}

/** The waiting notifications of a recipient for a preview: as `claimForDigest`, without a lock. */
export async function notificationsForDigest(
  db: Executor,
  recipient: string,
  { asOf, digestType }: { readonly asOf: Date; readonly digestType: string },
): Promise<Notification[]> {
  return db
    .select()
    .from(notifications)
    .where(and(eq(notifications.recipient, recipient), waitsForDigest(asOf, digestType)))
    .orderBy(desc(notifications.id));
}

/**
 * Marks notifications of a recipient as read; already read ones keep their time.
 * @param ids the notifications to mark. Default: all
 * @returns the number of notifications that were unread
 */
export async function markRead(
  db: Executor,
  recipient: string,
  { ids, now }: { readonly ids?: readonly string[] | undefined; readonly now: Date },
): Promise<number> {
  const marked = await db
    .update(notifications)
    .set({ readAt: now, ...completedByDigest(now) })
    .where(
      and(
        eq(notifications.recipient, recipient),
        isNull(notifications.readAt),
        ids ? inArray(notifications.id, [...ids]) : undefined,
      ),
    )
    .returning({ id: notifications.id });
  return marked.length;
}

/** A digest includes deferred notifications of this window; all others of the last 24 hours. */
const DIGEST_WINDOW_MS = 7 * 86_400_000;

/**
 * Unread, in no digest yet, and either from the 24 hours before `asOf` or deferred within the last week. No digests.
 */
function waitsForDigest(asOf: Date, digestType: string): SQL | undefined {
  return and(
    gte(notifications.id, firstIdAt(new Date(asOf.getTime() - DIGEST_WINDOW_MS))),
    or(
      gte(notifications.createdAt, new Date(asOf.getTime() - 86_400_000)),
      and(eq(notifications.state, "pending"), isNotNull(notifications.deferredAt)),
    ),
    lte(notifications.createdAt, asOf),
    isNull(notifications.readAt),
    isNull(notifications.digestedAt),
    ne(notifications.type, digestType),
  );
}

/** Recipients with notifications for a digest and an allowed e-mail address. */
export async function recipientsOfDigest(db: Executor, asOf: Date, digestType: string): Promise<string[]> {
  const rows = await db
    .select({ recipient: notifications.recipient })
    .from(notifications)
    .innerJoin(
      communicationAllowlist,
      and(
        eq(communicationAllowlist.recipient, notifications.recipient),
        eq(communicationAllowlist.channel, "email" satisfies ChannelName),
      ),
    )
    .where(waitsForDigest(asOf, digestType))
    .groupBy(notifications.recipient)
    .orderBy(notifications.recipient);
  return rows.map(({ recipient }) => recipient);
}

/** The notifications for a recipient's digest, newest first. Locked, so that each is in one digest only. */
export async function claimForDigest(
  tx: Executor,
  recipient: string,
  { asOf, digestType }: { readonly asOf: Date; readonly digestType: string },
): Promise<Notification[]> {
  return tx
    .select()
    .from(notifications)
    .where(and(eq(notifications.recipient, recipient), waitsForDigest(asOf, digestType)))
    .orderBy(desc(notifications.id))
    .for("update");
}

/** Marks notifications as digested. Those that only waited for the digest become `sent`. */
export async function markDigested(tx: Executor, ids: readonly string[], now: Date): Promise<void> {
  if (ids.length === 0) return;
  await tx
    .update(notifications)
    .set({ digestedAt: now, ...completedByDigest(now) })
    .where(sql`${notifications.id} = any (${plainArray(ids)}::uuid[])`);
}

/** A pending notification with a reason waits for the digest only, not for a run. */
function completedByDigest(now: Date) {
  const at = sql`${now.toISOString()}::timestamptz`;
  return {
    state: sql<NotificationState>`case when state = 'pending' and reason is not null then 'sent' else state end`,
    settledAt: sql<Date>`case when state = 'pending' and reason is not null then ${at} else settled_at end`,
    reason: sql<string>`case when state = 'pending' then null else reason end`,
  };
}
