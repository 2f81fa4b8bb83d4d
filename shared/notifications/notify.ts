import type { Config } from "../config.ts";
import type { Tx } from "../data/client.ts";
import { insertNotifications, routingFacts, type NewNotificationRow } from "../data/platform/notifications.ts";
import { rowIds } from "../data/row-ids.ts";
import type { Clock } from "../jobs/clock.ts";
import { InvalidInput } from "../jobs/endings.ts";
import { issuesOf } from "../jobs/input.ts";
import { storable, storableText } from "../jobs/storable.ts";
import type { Watch } from "../jobs/watch.ts";
import { configuredChannels } from "./channels.ts";
import { notificationCreated } from "./live.ts";
import { DIGEST_TYPE, newNotificationSchema, type NewNotification } from "./notification.ts";
import { routeOf, type Route } from "./routing.ts";
import { isSound } from "./sound.ts";

/** Where a notification comes from. A job's context is one; an HTTP handler makes one with `notifier`. */
export interface NotifyContext {
  readonly settings: Config;
  readonly clock: Clock;
  /** The family's own switch for sending to people and its quiet hours apply. */
  readonly run: { readonly family: string };
  readonly enqueueAll: (tx: Tx, jobId: string, inputs: readonly unknown[]) => Promise<void>;
  readonly publish: Watch["publish"];
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
 * settled in it; for the rest a run of `send_notification` is put into the ledger. At most four statements, however many.
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
  const { family } = context.run;
  const now = context.clock.now();
  const wanted = asked.map(checked);
  const recipients = [...new Set(wanted.map(({ recipient }) => recipient))];
  const facts = await routingFacts(tx, { families: [family], recipients }, now);
  const configured = configuredChannels(context.settings);
  const newIds = rowIds(wanted.length);
  const all = wanted.map((notification, i) => {
    const { recipient, severity, type, channels } = notification;
    const route = routeOf({ recipient, family, severity, type, channels }, configured, facts);
    return { row: rowOf(notification, { id: newIds[i]!, family, route }), route };
  });
  const ids = await insertNotifications(
    tx,
    all.map(({ row }) => row),
    now,
  );
  const created = all.filter(({ row }) => ids.has(row.id));
  const outbound = created.filter(({ route }) => route.needsRun).map(({ row }) => ({ notification: row.id }));
  if (outbound.length) await context.enqueueAll(tx, "send_notification", outbound);
  const shown = created.filter(({ row }) => row.channels.includes("web") && row.state !== "suppressed");
  context.publish(
    tx,
    shown.map(({ row }) => notificationCreated(row)),
  );
  const count = (state: Route["state"]) => created.filter(({ row }) => row.state === state).length;
  return {
    created: created.length,
    duplicates: asked.length - created.length,
    ...{ sent: count("sent"), suppressed: count("suppressed"), pending: count("pending") },
  };
}

/** Work must not fail over the length of a text that it tells somebody of. */
function checked(notification: NewNotification, index: number): NewNotification {
  const stored = {
    ...notification,
    title: storableText(notification.title, 300).trim() || notification.type,
    body: storableText(notification.body, 20_000),
    data: notification.data && (storable(notification.data) as NewNotification["data"]),
  };
  if (isSound(stored) && (stored.data === undefined || isJsonObject(stored.data))) return stored;
  const read = newNotificationSchema.safeParse(stored);
  if (read.success) return read.data;
  throw new InvalidInput(
    issuesOf(read.error, "notification").map(({ field, reason }) => ({
      field: `notifications.${index}.${field}`,
      reason,
    })),
  );
}

/** Whatever `storable` has made of an object is JSON. */
function isJsonObject(data: unknown): boolean {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}

function rowOf(
  { recipient, severity, type, title, body, data, dedupeKey }: NewNotification,
  { id, family, route }: { id: string; family: string; route: Route },
): NewNotificationRow {
  const { state, reason, isDeferred, settled } = route;
  return {
    ...{ id, family, recipient, channels: [...route.channels], severity, type, title, body },
    ...{
      data: data ?? {},
      dedupeKey: dedupeKey ?? null,
      state,
      reason,
      isDeferred,
      isRead: type === DIGEST_TYPE,
      settled,
    },
  };
}
