import { type SQL, sql } from "drizzle-orm";
import { check, index, integer, jsonb, primaryKey, text, timestamp, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { platform } from "./platform-schema.ts";

/** The ways in which a notification can reach somebody. `web` is the app itself; all others leave the house. */
export const CHANNELS = ["web", "email", "push", "chatbot", "sms", "voice", "webhook"] as const;
export type ChannelName = (typeof CHANNELS)[number];

/** From the least to the most urgent. */
export const SEVERITIES = ["INFO", "WARN", "SEV1", "SEV0"] as const;
export type Severity = (typeof SEVERITIES)[number];

export const NOTIFICATION_STATES = ["pending", "sending", "sent", "failed", "suppressed"] as const;
export type NotificationState = (typeof NOTIFICATION_STATES)[number];

/**
 * One attempt to deliver through one channel. `retrying`: it failed and another follows; `unknown`: the process vanished between
 * the provider's call and its answer; `held`: the provider asked to wait and has taken nothing; `deferred`: quiet hours, so that the next digest brings it.
 */
export const DELIVERY_STATES = [
  "sending",
  "sent",
  "retrying",
  "failed",
  "unknown",
  "held",
  "suppressed",
  "deferred",
] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
const oneOf = (values: readonly string[]): SQL => sql.raw(`(${values.map((value) => `'${value}'`).join(", ")})`);

/** What somebody is to be told, once, through one or more channels. */
export const notifications = platform.table(
  "notifications",
  {
    /** UUIDv7: newest first is by id. */
    id: uuid().primaryKey(),
    /** Whose work made it; the family's own switch for sending applies. */
    family: text().notNull(),
    /** A name of the family's: `user:42`. Addresses stand in the allow-list. */
    recipient: text().notNull(),
    channels: text().array().$type<ChannelName[]>().notNull(),
    severity: text().$type<Severity>().notNull(),
    /** What it is about, for filters: `task.reminder`. */
    type: text().notNull(),
    title: text().notNull(),
    body: text().notNull(),
    data: jsonb()
      .$type<Record<string, unknown>>()
      .notNull()
      .default(sql`'{}'::jsonb`),
    dedupeKey: text("dedupe_key"),
    state: text().$type<NotificationState>().notNull(),
    /** Why it waits for the digest, was suppressed or failed. */
    reason: text(),
    /** How often its run has set out to send it. */
    attempts: integer().notNull().default(0),
    /** Of the last delivery that a provider took. */
    providerMessageId: text("provider_message_id"),
    createdAt: instant("created_at").notNull(),
    /** When the last attempt began. */
    sendingAt: instant("sending_at"),
    settledAt: instant("settled_at"),
    readAt: instant("read_at"),
    /** Waits for the next digest since then. */
    deferredAt: instant("deferred_at"),
    /** When a digest took it. */
    digestedAt: instant("digested_at"),
  },
  (notification) => [
    // By recipient, so that one event may be told to several people under one key.
    uniqueIndex("notifications_dedupe_key")
      .on(notification.recipient, notification.dedupeKey)
      .where(sql`dedupe_key is not null`),
    index("notifications_by_recipient").on(notification.recipient, notification.id),
    index("notifications_open")
      .on(notification.id)
      .where(sql`state in ('pending', 'sending')`),
    check("notifications_state", sql`state in ${oneOf(NOTIFICATION_STATES)}`),
    check("notifications_severity", sql`severity in ${oneOf(SEVERITIES)}`),
    check(
      "notifications_channels",
      sql`cardinality(channels) > 0 and channels <@ array[${sql.raw(CHANNELS.map((name) => `'${name}'`).join(", "))}]`,
    ),
    check("notifications_settled", sql`(state in ('sent', 'failed', 'suppressed')) = (settled_at is not null)`),
    check("notifications_has_reason", sql`state not in ('failed', 'suppressed') or reason is not null`),
    check("notifications_attempts", sql`attempts >= 0 and (state <> 'sending' or attempts > 0)`),
    check("notifications_not_empty", sql`recipient <> '' and title <> '' and type <> ''`),
  ],
);

/**
 * What became of a notification in one channel at one attempt; attempt 0 is what was settled when it was made. No foreign key:
 * rows are only made in the transaction that makes or claims their notification, by the hundred thousand.
 */
export const notificationDeliveries = platform.table(
  "notification_deliveries",
  {
    notificationId: uuid("notification_id").notNull(),
    channel: text().$type<ChannelName>().notNull(),
    attempt: integer().notNull(),
    /** The run that tried. Null at attempt 0. */
    runId: uuid("run_id"),
    state: text().$type<DeliveryState>().notNull(),
    reason: text(),
    providerMessageId: text("provider_message_id"),
    startedAt: instant("started_at").notNull(),
    endedAt: instant("ended_at"),
  },
  (delivery) => [
    primaryKey({ columns: [delivery.notificationId, delivery.channel, delivery.attempt] }),
    check("notification_deliveries_state", sql`state in ${oneOf(DELIVERY_STATES)}`),
    check("notification_deliveries_channel", sql`channel in ${oneOf(CHANNELS)}`),
    check("notification_deliveries_ended", sql`(state = 'sending') = (ended_at is null)`),
    check("notification_deliveries_has_reason", sql`state in ('sending', 'sent') or reason is not null`),
    check("notification_deliveries_attempt", sql`attempt >= 0 and (attempt = 0) = (run_id is null)`),
  ],
);

/** The channels whose addresses stand in the allow-list. */
export const ALLOW_LISTED = ["email", "chatbot", "sms", "voice"] as const satisfies readonly ChannelName[];

/** Who may be reached through which channel, and where: without a row nobody is called, written to or disturbed. */
export const communicationAllowlist = platform.table(
  "communication_allowlist",
  {
    recipient: text().notNull(),
    channel: text().$type<ChannelName>().notNull(),
    /** An e-mail address, a phone number in E.164, a chat id. */
    address: text().notNull(),
    addedBy: text("added_by").notNull(),
    addedAt: instant("added_at").notNull(),
  },
  (entry) => [
    primaryKey({ columns: [entry.recipient, entry.channel] }),
    check("communication_allowlist_channel", sql`channel in ${oneOf(ALLOW_LISTED)}`),
    check("communication_allowlist_address", sql`recipient <> '' and address <> ''`),
  ],
);

/** Browsers that asked for push messages: the consent and the address in one. */
export const pushSubscriptions = platform.table(
  "push_subscriptions",
  {
    endpoint: text().primaryKey(),
    recipient: text().notNull(),
    /** The browser's public key and its secret, base64url (RFC 8291). */
    p256dh: text().notNull(),
    auth: text().notNull(),
    addedAt: instant("added_at").notNull(),
    /** Names it to others: the endpoint is a secret. */
    id: uuid().notNull().unique("push_subscriptions_id").defaultRandom(),
  },
  (subscription) => [index("push_subscriptions_by_recipient").on(subscription.recipient)],
);

export type Notification = typeof notifications.$inferSelect;
export type NotificationDelivery = typeof notificationDeliveries.$inferSelect;
export type AllowlistEntry = typeof communicationAllowlist.$inferSelect;
export type PushSubscriptionRow = typeof pushSubscriptions.$inferSelect;
