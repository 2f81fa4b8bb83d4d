import { createHash } from "node:crypto";
import type { NewNotificationRow } from "#data/platform/notifications.ts";
import type { NewEvent } from "#jobs/run-observer.ts";
import { isChannelName } from "#realtime/live-event.ts";
import { OPERATORS } from "./notification.ts";

/** The live channel of those who run the app. */
export const SYSTEM_CHANNEL = "system_notifications";

/**
 * The live channel on which a recipient hears of new notifications: `notifications:user:42`. A name that is no part of a channel's
 * name (capitals, an @) is replaced by the first 32 hexadecimal digits of its SHA-256.
 */
export function recipientChannel(recipient: string): string {
  if (recipient === OPERATORS) return SYSTEM_CHANNEL;
  const plain = `notifications:${recipient}`;
  if (isChannelName(plain)) return plain;
  return `notifications:${createHash("sha256").update(recipient).digest("hex").slice(0, 32)}`;
}

/** Says that there is something new in the app. Its text is loaded over HTTP: whoever listens need not be allowed to read it. */
export function notificationCreated({
  id,
  recipient,
  title,
  kind: { type, severity },
}: Pick<NewNotificationRow, "id" | "recipient" | "title" | "kind">): NewEvent {
  const data = { id, type, severity, title };
  return { type: "notification.created", channel: recipientChannel(recipient), data };
}
