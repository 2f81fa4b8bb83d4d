-- The scope of a row of `controls` as people see it: `all` or `family:<id>`.
CREATE FUNCTION platform.shown_scope(scope text)
RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
  SELECT CASE scope WHEN 'global' THEN 'all' ELSE 'family:' || scope END
$$;

-- Every reason why a gate refuses a job at `at`, ordered by `rank` and `reason`. A started run reads them all: it ignores a
-- pause, and a pause must not hide a switch that stops it. `needs`: 'jobs' (every job except upkeep), 'write', 'comms', 'quiet'.
CREATE OR REPLACE FUNCTION platform.gate_refusals(job_id text, family text, needs text[], at timestamptz)
RETURNS TABLE (rank integer, code text, reason text)
LANGUAGE sql STABLE
AS $$
  SELECT 1 AS rank, 'kill-switch' AS code, 'Kill switch is active (' || platform.shown_scope(c.scope) || ')' AS reason
    FROM platform.controls c WHERE c.scope IN ('global', family) AND c.kill_switch
  UNION ALL
  SELECT 2, 'jobs-disabled', 'jobs are switched off (' || platform.shown_scope(c.scope) || ')'
    FROM platform.controls c WHERE 'jobs' = ANY (needs) AND c.scope IN ('global', family) AND NOT c.jobs_enabled
  UNION ALL
  SELECT 3, 'paused', 'paused by ' || p.paused_by || ': ' || p.reason
    FROM platform.pauses p
   WHERE (p.scope = 'job:' || job_id OR ('jobs' = ANY (needs) AND p.scope IN ('all', 'family:' || family)))
     AND (p.until IS NULL OR p.until > at)
  UNION ALL
  SELECT 4, 'write-disabled', 'writing is switched off (' || platform.shown_scope(c.scope) || ')'
    FROM platform.controls c WHERE 'write' = ANY (needs) AND c.scope IN ('global', family) AND NOT c.write_enabled
  UNION ALL
  SELECT 5, 'comms-disabled', 'sending to people is switched off (' || platform.shown_scope(c.scope) || ')'
    FROM platform.controls c WHERE 'comms' = ANY (needs) AND c.scope IN ('global', family) AND NOT c.comms_enabled
  UNION ALL
  SELECT 6, 'quiet-hours', 'quiet hours until ' || to_char(c.quiet_to, 'HH24:MI') || ' ' || c.quiet_zone
    FROM platform.controls c
   WHERE 'quiet' = ANY (needs) AND c.scope IN ('global', family) AND c.quiet_from IS NOT NULL
     AND CASE WHEN c.quiet_from <= c.quiet_to
              THEN (at AT TIME ZONE c.quiet_zone)::time >= c.quiet_from AND (at AT TIME ZONE c.quiet_zone)::time < c.quiet_to
              -- for example 22:00 to 07:00
              ELSE (at AT TIME ZONE c.quiet_zone)::time >= c.quiet_from OR (at AT TIME ZONE c.quiet_zone)::time < c.quiet_to
         END
$$;

-- The first refusal; of two scopes always the same one. No row: the job may run.
CREATE OR REPLACE FUNCTION platform.gate_refusal(job_id text, family text, needs text[], at timestamptz)
RETURNS TABLE (code text, reason text)
LANGUAGE sql STABLE
AS $$
  SELECT refusal.code, refusal.reason
    FROM platform.gate_refusals(job_id, family, needs, at) AS refusal
   ORDER BY refusal.rank, refusal.reason LIMIT 1
$$;
