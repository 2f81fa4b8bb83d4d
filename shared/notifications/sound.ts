import { isJsonbSafe, isJsonbSafeText } from "#redaction/jsonb-safe.ts";
import { CHANNELS, type NewNotification, newNotificationSchema, SEVERITIES } from "./notification.ts";

const { type: typeSchema } = newNotificationSchema.shape;
const severities = new Set<unknown>(SEVERITIES);
const channelNames = new Set<unknown>(CHANNELS);
const fields = new Set(Object.keys(newNotificationSchema.shape));
/** Types that were found to be such: a program has a handful. */
const knownTypes = new Set<unknown>();
const MOST_TYPES = 1_000;

/**
 * Whether the database and `newNotificationSchema` are sure to take a notification as it is. A tenth of their time, for those who notify
 * by the hundred thousand; what this has doubts about is made storable, and the schema decides.
 */
export function isSound(notification: NewNotification): boolean {
  for (const field in notification) if (!fields.has(field)) return false;
  const { recipient, type, severity, title, body, data, channels, dedupeKey } = notification;
  return (
    isText(recipient, 200) &&
    recipient.trim() === recipient &&
    isText(title, 300) &&
    title.trim() === title &&
    typeof body === "string" &&
    isJsonbSafeText(body, 20_000) &&
    (data === undefined || (isRecord(data) && isJsonbSafe(data))) &&
    (dedupeKey === undefined || isText(dedupeKey, 300)) &&
    severities.has(severity) &&
    isKnownType(type) &&
    (channels === undefined || areChannels(channels))
  );
}

function isText(value: unknown, max: number): boolean {
  return typeof value === "string" && value.length > 0 && isJsonbSafeText(value, max);
}

function isKnownType(type: unknown): boolean {
  if (knownTypes.has(type)) return true;
  const isOne = typeSchema.safeParse(type).success;
  if (isOne && knownTypes.size < MOST_TYPES) knownTypes.add(type);
  return isOne;
}

function isRecord(data: unknown): boolean {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}

function areChannels(channels: readonly unknown[]): boolean {
  if (!Array.isArray(channels) || channels.length === 0) return false;
  for (let i = 0; i < channels.length; i++) {
    if (!channelNames.has(channels[i]) || channels.indexOf(channels[i]) !== i) return false;
  }
  return true;
}
