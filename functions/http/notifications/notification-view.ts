import { z } from "zod";
import { CHANNELS, type Notification, NOTIFICATION_STATES, SEVERITIES } from "#data/platform/notification-schema.ts";

const instant = z.iso.datetime().nullable();

/** A notification as the API shows it. */
export const notificationSchema = z.object({
  id: z.uuid(),
  family: z.string(),
  recipient: z.string(),
  channels: z.array(z.enum(CHANNELS)),
  severity: z.enum(SEVERITIES),
  type: z.string(),
  title: z.string(),
  body: z.string(),
  data: z.record(z.string(), z.unknown()),
  state: z.enum(NOTIFICATION_STATES),
  reason: z.string().nullable(),
  attempts: z.int(),
  createdAt: z.iso.datetime(),
  settledAt: instant,
  readAt: instant,
  deferredAt: instant,
  digestedAt: instant,
});

export function notificationView(notification: Notification) {
  const { id, family, recipient, channels, severity, type, title, body, data, state, reason, attempts } = notification;
  const { createdAt, settledAt, readAt, deferredAt, digestedAt } = notification;
  return {
    id,
    family,
    recipient,
    channels,
    severity,
    type,
    title,
    body,
    data,
    state,
    reason,
    attempts,
    createdAt,
    settledAt,
    readAt,
    deferredAt,
    digestedAt,
  };
}
