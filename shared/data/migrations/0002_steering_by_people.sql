ALTER TABLE "platform"."idempotency_keys" ALTER COLUMN "run_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "platform"."job_runs" ADD COLUMN "as_of" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "platform"."job_runs" ADD COLUMN "backfill_id" uuid;--> statement-breakpoint
ALTER TABLE "platform"."backfills" ADD COLUMN "slots" jsonb DEFAULT '[]'::jsonb NOT NULL;--> statement-breakpoint
ALTER TABLE "platform"."backfills" ADD COLUMN "taken" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "platform"."backfills" ADD COLUMN "reason" text;--> statement-breakpoint
ALTER TABLE "platform"."idempotency_keys" ADD COLUMN "answer" jsonb;--> statement-breakpoint
CREATE INDEX "job_runs_dead" ON "platform"."job_runs" USING btree ("id") WHERE state = 'dead';--> statement-breakpoint
CREATE INDEX "job_runs_by_backfill" ON "platform"."job_runs" USING btree ("backfill_id","id") WHERE backfill_id is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "job_runs_one_live_repeat" ON "platform"."job_runs" USING btree ("parent_run_id") WHERE trigger in ('retry', 'replay') and state in ('queued', 'running', 'retrying');--> statement-breakpoint
-- The layer's own upkeep has no need 'jobs'. It goes on while everything or its family is paused: it is what resumes the rest, and
-- it can still be paused by its own name.
CREATE OR REPLACE FUNCTION "platform"."gate_refusal"(job_id text, family text, needs text[], at timestamptz)
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
     WHERE (p.scope = 'job:' || job_id OR ('jobs' = ANY (needs) AND p.scope IN ('all', 'family:' || family)))
       AND (p.until IS NULL OR p.until > at)
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
--> statement-breakpoint
-- The same for errors that differ in ids, numbers and quoted values alone: what a person sees as one trouble.
CREATE FUNCTION "platform"."error_fingerprint"(error jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
  SELECT left(md5(coalesce(error ->> 'class', '') || '|' || coalesce(error ->> 'name', '') || '|' ||
    regexp_replace(coalesce(error ->> 'message', ''),
      '[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|"[^"]*"|[0-9]+', '#', 'g')), 12)
$$;
