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
import { isJsonbSafe, jsonbSafe, jsonbSafeText } from "#redaction/jsonb-safe.ts";
import type { Clock } from "#schedule/clock.ts";
import type { Config } from "#settings/config.ts";
import { configuredChannels } from "./channels.ts";
import { type ChannelName, NEVER_DEFERRED, type NewNotification, newNotificationSchema } from "./notification.ts";
import { notificationCreated } from "./notification-events.ts";
import { channelsOf, type Route, routeOf } from "./routing.ts";

/** What `notify` needs. The context of a job has it; an HTTP handler gets it from `notifier`. */
export interface NotifyContext {
  readonly settings: Config;
  readonly clock: Clock;
  /** The family whose switch for messages to people and whose quiet hours apply. */
  readonly run: { readonly family: string };
  readonly enqueueAll: (tx: Tx, jobId: string, inputs: readonly unknown[]) => Promise<void>;
  readonly publish: RunObserver["publish"];
}

/** Counts of the requested notifications: `created` = `sent` + `suppressed` + `pending`. */
export interface NotifyCounts {
  readonly created: number;
  /** Not created, because the recipient has one with the same dedupe key. */
  readonly duplicates: number;
  /** Visible in the app. */
  readonly sent: number;
  readonly suppressed: number;
  /** Wait for a provider or for the next digest. */
  readonly pending: number;
}

/**
 * Creates notifications in the caller's transaction. Deliveries that need no provider are completed in it; for the
 * others it enqueues runs of `send_notification`. At most three statements for any number of notifications.
 *
 * @example await transaction(async (tx) => { const due = await claimDueReminders(tx, asOf, 500); await notify(context,
 * tx, due.map(({ taskId, owner, title }) => ({ recipient: owner, type: "task.reminder", severity: "INFO", title, body:
 * "", dedupeKey: `reminder:${taskId}`, }))); });
 * @throws InvalidInput naming the element and the invalid field; a text that is too long is truncated
 */
export async function notify(
  context: NotifyContext,
  tx: Tx,
  requested: readonly NewNotification[],
): Promise<NotifyCounts> {
  if (requested.length === 0) return { created: 0, duplicates: 0, sent: 0, suppressed: 0, pending: 0 };
  const now = context.clock.now();
  const valid = requested.map(validated);
  const { family } = context.run;
  const recipients = [...new Set(valid.map(({ recipient }) => recipient))];
  const facts = await routingFacts(tx, { families: [family], recipients }, now);
  const kindOf = kinds({ family, configured: configuredChannels(context.settings), facts });
  const ids = rowIds(valid.length, now);
  const rows = valid.map((notification, i): Row => {
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

/** The shared columns of equal notifications, with their route. */
type Kind = Route & NotificationKind;
type Row = NewNotificationRow & { readonly kind: Kind };

/**
 * Returns the kind of a notification: equal notifications share one object, so that routing runs a few times per page.
 */
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
      kind = { family, severity, type, isRead: NEVER_DEFERRED.has(type), ...route };
      known.set(key, kind);
    }
    return kind;
  };

  function reachedIn(channels: readonly ChannelName[], recipient: string): string {
    if (facts.reachable.size === 0) return "";
    return channels.filter((channel) => facts.reachable.has(reachKey(recipient, channel))).join();
  }
}

/** Truncates long texts instead of refusing them: the caller's work must not fail because of the length of a text. */
function validated(notification: NewNotification, index: number): NewNotification {
  const { type, title, body, data } = notification;
  const stored = {
    ...notification,
    title: jsonbSafeText(title, 300).trim() || type,
    body: jsonbSafeText(body, 20_000),
    data: isJsonbSafe(data) ? data : (jsonbSafe(data) as NewNotification["data"]),
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
