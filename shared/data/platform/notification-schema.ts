import { type SQL, sql } from "drizzle-orm";
import { check, index, integer, jsonb, primaryKey, text, timestamp, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { platform } from "./platform-schema.ts";

/** The delivery channels. `web` is the list in the app; all others are external. */
export const CHANNELS = ["web", "email", "push", "chatbot", "sms", "voice", "webhook"] as const;
export type ChannelName = (typeof CHANNELS)[number];

/** From the least to the most urgent. */
export const SEVERITIES = ["INFO", "WARN", "SEV1", "SEV0"] as const;
export type Severity = (typeof SEVERITIES)[number];

export const NOTIFICATION_STATES = ["pending", "sending", "sent", "failed", "suppressed"] as const;
export type NotificationState = (typeof NOTIFICATION_STATES)[number];

/**
 * The state of one attempt in one channel. `retrying`: failed, another attempt follows. `unknown`: the process ended
 * between the call and its answer, or the answer was lost and the message may not be sent twice. `held`: the provider
 * asked to wait and accepted nothing. `deferred`: quiet hours, the next digest includes it.
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

/**
 * One message to one recipient, through one or more channels.
 * Retention: `prune_run_ledger` deletes notifications and their deliveries after NOTIFICATION_RETENTION_DAYS.
 */
export const notifications = platform.table(
  "notifications",
  {
    /** UUIDv7: newest first is by id. */
    id: uuid().primaryKey(),
    /** The family that created it; the comms switch of that family applies. */
    family: text().notNull(),
    /** An id of the family: `user:42`. The allow-list holds the addresses. */
    recipient: text().notNull(),
    channels: text().array().$type<ChannelName[]>().notNull(),
    severity: text().$type<Severity>().notNull(),
    /** The subject, for filters: `task.reminder`. */
    type: text().notNull(),
    title: text().notNull(),
    body: text().notNull(),
    data: jsonb()
      .$type<Record<string, unknown>>()
      .notNull()
      .default(sql`'{}'::jsonb`),
    dedupeKey: text("dedupe_key"),
    state: text().$type<NotificationState>().notNull(),
    /** Why it was deferred, suppressed or failed. */
    reason: text(),
    /** The number of delivery attempts. */
    attempts: integer().notNull().default(0),
    /** Of the last accepted delivery. */
    providerMessageId: text("provider_message_id"),
    createdAt: instant("created_at").notNull(),
    /** The start of the last attempt. */
    sendingAt: instant("sending_at"),
    settledAt: instant("settled_at"),
    readAt: instant("read_at"),
    /** Since when it waits for the next digest. */
    deferredAt: instant("deferred_at"),
    /** When a digest included it. */
    digestedAt: instant("digested_at"),
  },
  (notification) => [
    // Per recipient, so that one event can notify several people with one key.
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
 * The result of one attempt in one channel; attempt 0 is settled at creation. No foreign key: the transaction that
 * creates or claims the notification inserts up to 100,000 rows.
 * Retention: deleted with their notification.
 */
export const notificationDeliveries = platform.table(
  "notification_deliveries",
  {
    notificationId: uuid("notification_id").notNull(),
    channel: text().$type<ChannelName>().notNull(),
    attempt: integer().notNull(),
    /** The run of the attempt. Null for attempt 0. */
    runId: uuid("run_id"),
    state: text().$type<DeliveryState>().notNull(),
    reason: text(),
    providerMessageId: text("provider_message_id"),
    /** When the attempt was due. It starts later after a closed gate. Null: not known. */
    dueAt: instant("due_at"),
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

/** The channels whose addresses come from the allow-list. */
export const ALLOW_LISTED = ["email", "chatbot", "sms", "voice"] as const satisfies readonly ChannelName[];

/**
 * The addresses that may be contacted. A recipient without a row gets no mail, chat message, text or call.
 * Retention: kept until an operator removes one.
 */
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

/**
 * Browsers that subscribed to push messages. A row is both consent and address.
 * Retention: kept until the user removes it; `send_notification` deletes one that the push service rejects.
 */
export const pushSubscriptions = platform.table(
  "push_subscriptions",
  {
    endpoint: text().primaryKey(),
    recipient: text().notNull(),
    /** The browser's public key and its secret, base64url (RFC 8291). */
    p256dh: text().notNull(),
    auth: text().notNull(),
    addedAt: instant("added_at").notNull(),
    /** The public id: the endpoint is a secret. */
    id: uuid().notNull().unique("push_subscriptions_id").defaultRandom(),
  },
  (subscription) => [index("push_subscriptions_by_recipient").on(subscription.recipient)],
);

export type Notification = typeof notifications.$inferSelect;
export type NotificationDelivery = typeof notificationDeliveries.$inferSelect;
export type AllowlistEntry = typeof communicationAllowlist.$inferSelect;
export type PushSubscriptionRow = typeof pushSubscriptions.$inferSelect;
