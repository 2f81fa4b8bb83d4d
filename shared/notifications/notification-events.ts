import { createHash } from "node:crypto";
import type { NewNotificationRow } from "#data/platform/new-notifications.ts";
import type { NewEvent } from "#jobs/run-observer.ts";
import { isChannelName } from "#realtime/live-event.ts";
import { OPERATORS } from "./notification.ts";

/** The live channel of the operators. */
export const SYSTEM_CHANNEL = "system_notifications";

/**
 * The live channel with the new notifications of a recipient: `notifications:user:42`. A recipient with characters that
 * a channel name does not allow (capitals, an @) becomes the first 32 hexadecimal digits of its SHA-256.
 */
export function recipientChannel(recipient: string): string {
  if (recipient === OPERATORS) return SYSTEM_CHANNEL;
  const plain = `notifications:${recipient}`;
  if (isChannelName(plain)) return plain;
  return `notifications:${createHash("sha256").update(recipient).digest("hex").slice(0, 32)}`;
}

/** The live event of a new notification. Clients load its text over HTTP, because not every subscriber may read it. */
export function notificationCreated({
  id,
  recipient,
  title,
  kind: { type, severity },
}: Pick<NewNotificationRow, "id" | "recipient" | "title" | "kind">): NewEvent {
  const data = { id, type, severity, title };
  return { type: "notification.created", channel: recipientChannel(recipient), data };
}
