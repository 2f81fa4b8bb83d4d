CREATE SCHEMA "platform";
--> statement-breakpoint
CREATE SCHEMA "portfolio";
--> statement-breakpoint
CREATE TABLE "platform"."job_runs" (
	"id" uuid PRIMARY KEY NOT NULL,
	"job_id" text NOT NULL,
	"family" text NOT NULL,
	"trigger" text NOT NULL,
	"state" text NOT NULL,
	"input" jsonb NOT NULL,
	"attempt" integer DEFAULT 0 NOT NULL,
	"max_attempts" integer NOT NULL,
	"scheduled_for" timestamp (3) with time zone,
	"not_before" timestamp (3) with time zone,
	"queued_at" timestamp (3) with time zone NOT NULL,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	"heartbeat_at" timestamp (3) with time zone,
	"lease_holder" text,
	"lease_expires_at" timestamp (3) with time zone,
	"concurrency_key" text,
	"duration_ms" bigint,
	"result" jsonb,
	"progress" jsonb,
	"item_failures" jsonb,
	"item_failure_count" integer DEFAULT 0 NOT NULL,
	"errors" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"reason" text,
	"reason_code" text,
	"idempotency_key" text,
	"correlation_id" text NOT NULL,
	"parent_run_id" uuid,
	"requested_by" text,
	"cancel_requested_at" timestamp (3) with time zone,
	"archived" boolean DEFAULT false NOT NULL,
	CONSTRAINT "job_runs_state" CHECK (state in ('queued', 'running', 'succeeded', 'retrying', 'dead', 'skipped', 'cancelled')),
	CONSTRAINT "job_runs_trigger" CHECK (trigger in ('schedule', 'manual', 'event', 'retry', 'replay', 'chain')),
	CONSTRAINT "job_runs_running_is_leased" CHECK ((state = 'running') = (lease_expires_at is not null)),
	CONSTRAINT "job_runs_final_is_finished" CHECK ((state in ('succeeded', 'dead', 'skipped', 'cancelled')) = (finished_at is not null)),
	CONSTRAINT "job_runs_waiting_has_time" CHECK (state not in ('queued', 'retrying') or not_before is not null),
	CONSTRAINT "job_runs_reasoned" CHECK (state not in ('skipped', 'cancelled') or reason is not null),
	CONSTRAINT "job_runs_attempts" CHECK (attempt >= 0 and attempt <= max_attempts)
);
--> statement-breakpoint
CREATE TABLE "portfolio"."exchange_rate_updates" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "portfolio"."exchange_rate_updates_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"run_id" uuid,
	"kind" text NOT NULL,
	"start_date" date,
	"end_date" date,
	"state" text NOT NULL,
	"source" text,
	"inserted" integer DEFAULT 0 NOT NULL,
	"skipped" integer DEFAULT 0 NOT NULL,
	"error" text,
	"requested_at" timestamp (3) with time zone NOT NULL,
	"finished_at" timestamp (3) with time zone,
	CONSTRAINT "exchange_rate_updates_run_id_unique" UNIQUE("run_id"),
	CONSTRAINT "exchange_rate_updates_kind" CHECK (kind in ('latest', 'historical')),
	CONSTRAINT "exchange_rate_updates_state" CHECK (state in ('pending', 'running', 'succeeded', 'failed', 'refused')),
	CONSTRAINT "exchange_rate_updates_failure_has_reason" CHECK (state not in ('failed', 'refused') or error is not null),
	CONSTRAINT "exchange_rate_updates_final" CHECK ((state in ('succeeded', 'failed', 'refused')) = (finished_at is not null))
);
--> statement-breakpoint
CREATE TABLE "portfolio"."exchange_rates" (
	"date" date NOT NULL,
	"quote" text NOT NULL,
	"base" text DEFAULT 'EUR' NOT NULL,
	"rate" numeric NOT NULL,
	"source" text NOT NULL,
	CONSTRAINT "exchange_rates_point" PRIMARY KEY("quote","date","source"),
	CONSTRAINT "exchange_rates_positive" CHECK (rate > 0),
	CONSTRAINT "exchange_rates_base_is_eur" CHECK (base = 'EUR' and quote <> 'EUR')
);
--> statement-breakpoint
CREATE UNIQUE INDEX "job_runs_one_per_slot" ON "platform"."job_runs" USING btree ("job_id","scheduled_for") WHERE scheduled_for is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "job_runs_one_at_a_time" ON "platform"."job_runs" USING btree ("job_id","concurrency_key") WHERE state = 'running' and concurrency_key is not null;--> statement-breakpoint
CREATE INDEX "job_runs_due" ON "platform"."job_runs" USING btree ("not_before") WHERE state in ('queued', 'retrying');--> statement-breakpoint
CREATE INDEX "job_runs_leases" ON "platform"."job_runs" USING btree ("lease_expires_at") WHERE state = 'running';--> statement-breakpoint
CREATE INDEX "job_runs_by_job" ON "platform"."job_runs" USING btree ("job_id","id");--> statement-breakpoint
CREATE INDEX "exchange_rate_updates_by_time" ON "portfolio"."exchange_rate_updates" USING btree ("requested_at");