CREATE TABLE "platform"."audit_log" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "platform"."audit_log_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp (3) with time zone NOT NULL,
	"who" text NOT NULL,
	"action" text NOT NULL,
	"subject" text NOT NULL,
	"reason" text,
	"before" jsonb,
	"after" jsonb
);
--> statement-breakpoint
CREATE TABLE "platform"."backfills" (
	"id" uuid PRIMARY KEY NOT NULL,
	"job_id" text NOT NULL,
	"from_slot" timestamp (3) with time zone NOT NULL,
	"to_slot" timestamp (3) with time zone NOT NULL,
	"state" text NOT NULL,
	"requested_by" text NOT NULL,
	"requested_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	CONSTRAINT "backfills_state" CHECK (state in ('running', 'done', 'aborted')),
	CONSTRAINT "backfills_range" CHECK (from_slot <= to_slot)
);
--> statement-breakpoint
CREATE TABLE "platform"."controls" (
	"scope" text PRIMARY KEY NOT NULL,
	"kill_switch" boolean DEFAULT false NOT NULL,
	"jobs_enabled" boolean DEFAULT true NOT NULL,
	"write_enabled" boolean DEFAULT true NOT NULL,
	"comms_enabled" boolean DEFAULT true NOT NULL,
	"quiet_from" time,
	"quiet_to" time,
	"quiet_zone" text,
	"changed_at" timestamp (3) with time zone NOT NULL,
	"changed_by" text NOT NULL,
	CONSTRAINT "controls_quiet_hours_whole" CHECK ((quiet_from is null) = (quiet_to is null) and (quiet_from is null) = (quiet_zone is null))
);
--> statement-breakpoint
CREATE TABLE "platform"."dead_messages" (
	"id" uuid PRIMARY KEY NOT NULL,
	"queue" text NOT NULL,
	"message_id" text,
	"body" text NOT NULL,
	"reason" text NOT NULL,
	"received_at" timestamp (3) with time zone NOT NULL,
	"resolved_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "platform"."effects" (
	"key" text PRIMARY KEY NOT NULL,
	"state" text NOT NULL,
	"run_id" uuid NOT NULL,
	"outcome" jsonb,
	"intended_at" timestamp (3) with time zone NOT NULL,
	"settled_at" timestamp (3) with time zone,
	CONSTRAINT "effects_state" CHECK (state in ('intended', 'done', 'parked'))
);
--> statement-breakpoint
CREATE TABLE "platform"."idempotency_keys" (
	"key" text PRIMARY KEY NOT NULL,
	"fingerprint" text NOT NULL,
	"run_id" uuid NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "platform"."outbox" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "platform"."outbox_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"topic" text NOT NULL,
	"payload" jsonb NOT NULL,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"sent_at" timestamp (3) with time zone,
	"attempts" bigint DEFAULT 0 NOT NULL,
	"last_error" text
);
--> statement-breakpoint
CREATE TABLE "platform"."pauses" (
	"scope" text PRIMARY KEY NOT NULL,
	"reason" text NOT NULL,
	"paused_by" text NOT NULL,
	"paused_at" timestamp (3) with time zone NOT NULL,
	"until" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE INDEX "audit_log_by_subject" ON "platform"."audit_log" USING btree ("subject","id");--> statement-breakpoint
CREATE UNIQUE INDEX "backfills_one_per_job" ON "platform"."backfills" USING btree ("job_id") WHERE state = 'running';--> statement-breakpoint
CREATE INDEX "effects_parked" ON "platform"."effects" USING btree ("intended_at") WHERE state = 'parked';--> statement-breakpoint
CREATE INDEX "idempotency_keys_by_age" ON "platform"."idempotency_keys" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "outbox_unsent" ON "platform"."outbox" USING btree ("id") WHERE sent_at is null;--> statement-breakpoint
INSERT INTO "platform"."controls" ("scope", "changed_at", "changed_by") VALUES ('global', now(), 'migration');
--> statement-breakpoint
-- The one place that decides whether the gates let a job run at a moment. No row: they do. One row: the first that says no.
-- `needs` holds what the job declares: 'jobs' (all but the layer's own), 'write', 'comms', 'quiet'.
CREATE FUNCTION "platform"."gate_refusal"(job_id text, family text, needs text[], at timestamptz)
RETURNS TABLE (code text, reason text)
LANGUAGE sql STABLE
AS $$
  SELECT refusal.code, refusal.reason FROM (
    SELECT 1 AS rank, 'kill-switch' AS code, 'Kill switch is active (' || c.scope || ')' AS reason
      FROM platform.controls c WHERE c.scope IN ('global', family) AND c.kill_switch
    UNION ALL
    SELECT 2, 'jobs-disabled', 'jobs are switched off (' || c.scope || ')'
      FROM platform.controls c WHERE 'jobs' = ANY (needs) AND c.scope IN ('global', family) AND NOT c.jobs_enabled
    UNION ALL
    SELECT 3, 'paused', 'paused by ' || p.paused_by || ': ' || p.reason
      FROM platform.pauses p
     WHERE p.scope IN ('all', 'family:' || family, 'job:' || job_id) AND (p.until IS NULL OR p.until > at)
    UNION ALL
    SELECT 4, 'write-disabled', 'writing is switched off (' || c.scope || ')'
      FROM platform.controls c WHERE 'write' = ANY (needs) AND c.scope IN ('global', family) AND NOT c.write_enabled
    UNION ALL
    SELECT 5, 'comms-disabled', 'sending to people is switched off (' || c.scope || ')'
      FROM platform.controls c WHERE 'comms' = ANY (needs) AND c.scope IN ('global', family) AND NOT c.comms_enabled
    UNION ALL
    SELECT 6, 'quiet-hours', 'quiet hours until ' || to_char(c.quiet_to, 'HH24:MI') || ' ' || c.quiet_zone
      FROM platform.controls c
     WHERE 'quiet' = ANY (needs) AND c.scope IN ('global', family) AND c.quiet_from IS NOT NULL
       AND CASE WHEN c.quiet_from <= c.quiet_to
                THEN (at AT TIME ZONE c.quiet_zone)::time >= c.quiet_from AND (at AT TIME ZONE c.quiet_zone)::time < c.quiet_to
                -- from 22:00 to 07:00: over midnight
                ELSE (at AT TIME ZONE c.quiet_zone)::time >= c.quiet_from OR (at AT TIME ZONE c.quiet_zone)::time < c.quiet_to
           END
  ) AS refusal
  ORDER BY refusal.rank
  LIMIT 1
$$;
