import type { Tx } from "#data/client.ts";
import {
  insertNotifications,
  type NewNotificationRow,
  type NotificationKind,
  reachKey,
  type RoutingFacts,
  routingFacts,
} from "#data/platform/new-notifications.ts";
import { rowIds } from "#data/row-ids.ts";
import { InvalidInput } from "#jobs/endings.ts";
import { issuesOf } from "#jobs/input.ts";
import type { RunObserver } from "#jobs/run-observer.ts";
import { jsonbSafe, jsonbSafeText } from "#redaction/jsonb-safe.ts";
import type { Clock } from "#schedule/clock.ts";
import type { Config } from "#settings/config.ts";
import { configuredChannels } from "./channels.ts";
import { notificationCreated } from "./notification-events.ts";
import { type ChannelName, DIGEST_TYPE, type NewNotification, newNotificationSchema } from "./notification.ts";
import { channelsOf, type Route, routeOf } from "./routing.ts";
import { isSound } from "./sound.ts";

/** Where a notification comes from. A job's context is one; an HTTP handler makes one with `notifier`. */
export interface NotifyContext {
  readonly settings: Config;
  readonly clock: Clock;
  /** The family's own switch for sending to people and its quiet hours apply. */
  readonly run: { readonly family: string };
  readonly enqueueAll: (tx: Tx, jobId: string, inputs: readonly unknown[]) => Promise<void>;
  readonly publish: RunObserver["publish"];
}

/** What became of the notifications that were asked for: `created` = `sent` + `suppressed` + `pending`. */
export interface Notified {
  readonly created: number;
  /** Told under the same dedupe key before; nothing was done. */
  readonly duplicates: number;
  /** Stand in the app already. */
  readonly sent: number;
  readonly suppressed: number;
  /** Wait for a call outside, or for the next digest. */
  readonly pending: number;
}

/**
 * Makes notifications in the transaction of the work that wants them: they exist if that commits. What needs no call outside is
 * settled in it; for the rest a run of `send_notification` is put into the ledger. At most three statements, however many.
 *
 * @example
 * await transaction(async (tx) => {
 *   const due = await claimDueReminders(tx, asOf, 500);
 *   await notify(context, tx, due.map(({ taskId, owner, title }) => ({
 *     recipient: owner, type: "task.reminder", severity: "INFO", title, body: "", dedupeKey: `reminder:${taskId}`,
 *   })));
 * });
 * @throws InvalidInput naming the element and the field that makes no sense. A text that is too long is cut
 */
export async function notify(context: NotifyContext, tx: Tx, asked: readonly NewNotification[]): Promise<Notified> {
  if (asked.length === 0) return { created: 0, duplicates: 0, sent: 0, suppressed: 0, pending: 0 };
  const now = context.clock.now();
  const wanted = asked.map(checked);
  const { family } = context.run;
  const recipients = [...new Set(wanted.map(({ recipient }) => recipient))];
  const facts = await routingFacts(tx, { families: [family], recipients }, now);
  const kindOf = kinds({ family, configured: configuredChannels(context.settings), facts });
  const ids = rowIds(wanted.length);
  const rows = wanted.map((notification, i): Row => {
    const { recipient, title, body, data = {}, dedupeKey = null } = notification;
    return { id: ids[i]!, kind: kindOf(notification), recipient, title, body, data, dedupeKey };
  });
  const duplicates = await insertNotifications(tx, rows, now);
  const created = duplicates.size === 0 ? rows : rows.filter(({ id }) => !duplicates.has(id));
  const outbound = created.filter(({ kind }) => kind.needsRun).map(({ id }) => ({ notification: id }));
  if (outbound.length) await context.enqueueAll(tx, "send_notification", outbound);
  const shown = created.filter(({ kind }) => kind.channels.includes("web") && kind.state !== "suppressed");
  context.publish(tx, shown.map(notificationCreated));
  const counts = { sent: 0, suppressed: 0, pending: 0 };
  for (const { kind } of created) counts[kind.state]++;
  return { created: created.length, duplicates: duplicates.size, ...counts };
}

/** A kind of notification, with its route. */
type Kind = Route & NotificationKind;
type Row = NewNotificationRow & { readonly kind: Kind };

/** Finds the kind of a notification: one object for all that are alike, so that a route is looked for a few times a page. */
function kinds({
  family,
  configured,
  facts,
}: {
  family: string;
  configured: ReadonlySet<ChannelName>;
  facts: RoutingFacts;
}): (notification: NewNotification) => Kind {
  const known = new Map<string, Kind>();
  return ({ recipient, severity, type, channels }) => {
    const key = `${severity} ${type} ${channels?.join() ?? ""} ${reachedIn(channels ?? channelsOf(severity), recipient)}`;
    let kind = known.get(key);
    if (!kind) {
      const route = routeOf({ recipient, family, severity, type, channels }, configured, facts);
      kind = { family, severity, type, isRead: type === DIGEST_TYPE, ...route };
      known.set(key, kind);
    }
    return kind;
  };

  function reachedIn(channels: readonly ChannelName[], recipient: string): string {
    if (facts.reachable.size === 0) return "";
    return channels.filter((channel) => facts.reachable.has(reachKey(recipient, channel))).join();
  }
}

/** Work must not fail over the length of a text that it tells somebody of. */
function checked(notification: NewNotification, index: number): NewNotification {
  if (isSound(notification)) return notification;
  const stored = {
    ...notification,
    title: jsonbSafeText(notification.title, 300).trim() || notification.type,
    body: jsonbSafeText(notification.body, 20_000),
    data: notification.data && (jsonbSafe(notification.data) as NewNotification["data"]),
  };
  const read = newNotificationSchema.safeParse(stored);
  if (read.success) return read.data;
  throw new InvalidInput(
    issuesOf(read.error, "notification").map(({ field, reason }) => ({
      field: `notifications.${index}.${field}`,
      reason,
    })),
  );
}
