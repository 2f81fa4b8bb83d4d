import { CHANNELS, newNotificationSchema, SEVERITIES, type NewNotification } from "./notification.ts";

const { type: typeSchema } = newNotificationSchema.shape;
const severities = new Set<unknown>(SEVERITIES);
const channelNames = new Set<unknown>(CHANNELS);
const fields = new Set(Object.keys(newNotificationSchema.shape));
/** Types that were found to be such: a program has a handful. */
const knownTypes = new Set<unknown>();
const MOST_TYPES = 1_000;

/**
 * Whether `newNotificationSchema` is sure to take a notification as it is. A tenth of its time, for those who notify by the hundred
 * thousand; what this has doubts about the schema decides. Its `data` is for the caller to see to.
 */
export function isSound(notification: NewNotification): boolean {
  for (const field in notification) if (!fields.has(field)) return false;
  const { recipient, type, severity, title, body, channels, dedupeKey } = notification;
  return (
    isText(recipient, 200) &&
    recipient.trim() === recipient &&
    isText(title, 300) &&
    title.trim() === title &&
    typeof body === "string" &&
    body.length <= 20_000 &&
    (dedupeKey === undefined || isText(dedupeKey, 300)) &&
    severities.has(severity) &&
    isKnownType(type) &&
    (channels === undefined || areChannels(channels))
  );
}

function isText(value: unknown, max: number): boolean {
  return typeof value === "string" && value.length > 0 && value.length <= max;
}

function isKnownType(type: unknown): boolean {
  if (knownTypes.has(type)) return true;
  const isOne = typeSchema.safeParse(type).success;
  if (isOne && knownTypes.size < MOST_TYPES) knownTypes.add(type);
  return isOne;
}

function areChannels(channels: readonly unknown[]): boolean {
  return (
    Array.isArray(channels) &&
    channels.length > 0 &&
    channels.every((name, i) => channelNames.has(name) && channels.indexOf(name) === i)
  );
}
