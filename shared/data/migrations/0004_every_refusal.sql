-- Every reason why the gates do not let a job run at a moment, by rank. A run that has started asks for all: a pause lets it go on,
-- and must not hide the switch behind it that does not.
CREATE FUNCTION "platform"."gate_refusals"(job_id text, family text, needs text[], at timestamptz)
RETURNS TABLE (rank integer, code text, reason text)
LANGUAGE sql STABLE
AS $$
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
$$;
--> statement-breakpoint
-- The first of them. No row: the job may run.
CREATE OR REPLACE FUNCTION "platform"."gate_refusal"(job_id text, family text, needs text[], at timestamptz)
RETURNS TABLE (code text, reason text)
LANGUAGE sql STABLE
AS $$
  SELECT refusal.code, refusal.reason FROM platform.gate_refusals(job_id, family, needs, at) AS refusal ORDER BY refusal.rank LIMIT 1
$$;
