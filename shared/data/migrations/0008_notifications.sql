CREATE TABLE "platform"."communication_allowlist" (
	"recipient" text NOT NULL,
	"channel" text NOT NULL,
	"address" text NOT NULL,
	"added_by" text NOT NULL,
	"added_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "communication_allowlist_recipient_channel_pk" PRIMARY KEY("recipient","channel"),
	CONSTRAINT "communication_allowlist_channel" CHECK (channel in ('email', 'chatbot', 'sms', 'voice')),
	CONSTRAINT "communication_allowlist_address" CHECK (recipient <> '' and address <> '')
);
--> statement-breakpoint
CREATE TABLE "platform"."notification_deliveries" (
	"notification_id" uuid NOT NULL,
	"channel" text NOT NULL,
	"attempt" integer NOT NULL,
	"run_id" uuid,
	"state" text NOT NULL,
	"reason" text,
	"provider_message_id" text,
	"started_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	CONSTRAINT "notification_deliveries_notification_id_channel_attempt_pk" PRIMARY KEY("notification_id","channel","attempt"),
	CONSTRAINT "notification_deliveries_state" CHECK (state in ('sending', 'sent', 'retrying', 'failed', 'unknown', 'suppressed', 'deferred')),
	CONSTRAINT "notification_deliveries_channel" CHECK (channel in ('web', 'email', 'push', 'chatbot', 'sms', 'voice', 'webhook')),
	CONSTRAINT "notification_deliveries_ended" CHECK ((state = 'sending') = (ended_at is null)),
	CONSTRAINT "notification_deliveries_reasoned" CHECK (state in ('sending', 'sent') or reason is not null),
	CONSTRAINT "notification_deliveries_attempt" CHECK (attempt >= 0 and (attempt = 0) = (run_id is null))
);
--> statement-breakpoint
CREATE TABLE "platform"."notifications" (
	"id" uuid PRIMARY KEY NOT NULL,
	"family" text NOT NULL,
	"recipient" text NOT NULL,
	"channels" text[] NOT NULL,
	"severity" text NOT NULL,
	"type" text NOT NULL,
	"title" text NOT NULL,
	"body" text NOT NULL,
	"data" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"dedupe_key" text,
	"state" text NOT NULL,
	"reason" text,
	"attempts" integer DEFAULT 0 NOT NULL,
	"provider_message_id" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"sending_at" timestamp (3) with time zone,
	"settled_at" timestamp (3) with time zone,
	"read_at" timestamp (3) with time zone,
	"deferred_at" timestamp (3) with time zone,
	"digested_at" timestamp (3) with time zone,
	CONSTRAINT "notifications_state" CHECK (state in ('pending', 'sending', 'sent', 'failed', 'suppressed')),
	CONSTRAINT "notifications_severity" CHECK (severity in ('INFO', 'WARN', 'SEV1', 'SEV0')),
	CONSTRAINT "notifications_channels" CHECK (cardinality(channels) > 0 and channels <@ array['web', 'email', 'push', 'chatbot', 'sms', 'voice', 'webhook']),
	CONSTRAINT "notifications_settled" CHECK ((state in ('sent', 'failed', 'suppressed')) = (settled_at is not null)),
	CONSTRAINT "notifications_reasoned" CHECK (state not in ('failed', 'suppressed') or reason is not null),
	CONSTRAINT "notifications_attempts" CHECK (attempts >= 0 and (state <> 'sending' or attempts > 0)),
	CONSTRAINT "notifications_addressed" CHECK (recipient <> '' and title <> '' and type <> '')
);
--> statement-breakpoint
CREATE TABLE "platform"."push_subscriptions" (
	"endpoint" text PRIMARY KEY NOT NULL,
	"recipient" text NOT NULL,
	"p256dh" text NOT NULL,
	"auth" text NOT NULL,
	"added_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX "notifications_once" ON "platform"."notifications" USING btree ("recipient","dedupe_key") WHERE dedupe_key is not null;--> statement-breakpoint
CREATE INDEX "notifications_by_recipient" ON "platform"."notifications" USING btree ("recipient","id");--> statement-breakpoint
CREATE INDEX "notifications_open" ON "platform"."notifications" USING btree ("id") WHERE state in ('pending', 'sending');--> statement-breakpoint
CREATE INDEX "push_subscriptions_by_recipient" ON "platform"."push_subscriptions" USING btree ("recipient");