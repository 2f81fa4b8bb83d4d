-- The job layer: its ledger of runs, what operators control, and the notifications that jobs send.
CREATE SCHEMA platform;

-- Runs
-- ----

-- The ledger: one row per run, from the moment it is enqueued. A slot that did not run has a row too, as `skipped`.
CREATE TABLE platform.job_runs (
  id uuid PRIMARY KEY,
  job_id text NOT NULL,
  family text NOT NULL,
  trigger text NOT NULL,
  state text NOT NULL,
  input jsonb NOT NULL,
  attempt integer DEFAULT 0 NOT NULL,
  max_attempts integer NOT NULL,
  scheduled_for timestamptz(3),
  as_of timestamptz(3),
  not_before timestamptz(3),
  queued_at timestamptz(3) NOT NULL,
  started_at timestamptz(3),
  finished_at timestamptz(3),
  heartbeat_at timestamptz(3),
  lease_holder text,
  lease_expires_at timestamptz(3),
  concurrency_key text,
  duration_ms bigint,
  result jsonb,
  progress jsonb,
  item_failures jsonb,
  item_failure_count integer DEFAULT 0 NOT NULL,
  errors jsonb DEFAULT '[]'::jsonb NOT NULL,
  reason text,
  reason_code text,
  idempotency_key text,
  correlation_id text NOT NULL,
  parent_run_id uuid,
  backfill_id uuid,
  requested_by text,
  cancel_requested_at timestamptz(3),
  archived boolean DEFAULT false NOT NULL,
  CONSTRAINT job_runs_state CHECK (
    state in ('queued', 'running', 'succeeded', 'retrying', 'dead', 'skipped', 'cancelled')
  ),
  CONSTRAINT job_runs_trigger CHECK (trigger in ('schedule', 'manual', 'event', 'retry', 'replay', 'chain')),
  CONSTRAINT job_runs_running_is_leased CHECK ((state = 'running') = (lease_expires_at is not null)),
  CONSTRAINT job_runs_final_is_finished CHECK (
    (state in ('succeeded', 'dead', 'skipped', 'cancelled')) = (finished_at is not null)
  ),
  CONSTRAINT job_runs_waiting_has_time CHECK (state not in ('queued', 'retrying') or not_before is not null),
  CONSTRAINT job_runs_has_reason CHECK (state not in ('skipped', 'cancelled') or reason is not null),
  CONSTRAINT job_runs_attempts CHECK (attempt >= 0 and attempt <= max_attempts)
);
CREATE UNIQUE INDEX job_runs_one_per_slot ON platform.job_runs (job_id, scheduled_for)
  WHERE scheduled_for is not null;
CREATE UNIQUE INDEX job_runs_one_at_a_time ON platform.job_runs (job_id, concurrency_key)
  WHERE state = 'running' and concurrency_key is not null;
CREATE INDEX job_runs_due ON platform.job_runs (not_before) WHERE state in ('queued', 'retrying');
CREATE INDEX job_runs_queue_order ON platform.job_runs
  (job_id, concurrency_key, (coalesce(case when backfill_id is null then scheduled_for end, not_before)), id)
  WHERE lease_expires_at is null and finished_at is null and concurrency_key is not null;
CREATE INDEX job_runs_leases ON platform.job_runs (lease_expires_at) WHERE state = 'running';
CREATE INDEX job_runs_by_job ON platform.job_runs (job_id, id);
CREATE INDEX job_runs_dead ON platform.job_runs (id) WHERE state = 'dead';
CREATE INDEX job_runs_by_backfill ON platform.job_runs (backfill_id, id) WHERE backfill_id is not null;
CREATE INDEX job_runs_by_as_of ON platform.job_runs (job_id, as_of) WHERE as_of is not null;
CREATE INDEX job_runs_children ON platform.job_runs (parent_run_id) WHERE parent_run_id is not null;
CREATE UNIQUE INDEX job_runs_one_unfinished_repeat ON platform.job_runs (parent_run_id)
  WHERE trigger in ('retry', 'replay') and state in ('queued', 'running', 'retrying');

-- One run for each slot of a past range, enqueued slot by slot at low priority.
CREATE TABLE platform.backfills (
  id uuid PRIMARY KEY,
  job_id text NOT NULL,
  from_slot timestamptz(3) NOT NULL,
  to_slot timestamptz(3) NOT NULL,
  slots jsonb DEFAULT '[]'::jsonb NOT NULL,
  processed integer DEFAULT 0 NOT NULL,
  reason text,
  state text NOT NULL,
  requested_by text NOT NULL,
  requested_at timestamptz(3) NOT NULL,
  ended_at timestamptz(3),
  CONSTRAINT backfills_state CHECK (state in ('running', 'done', 'aborted')),
  CONSTRAINT backfills_range CHECK (from_slot <= to_slot)
);
CREATE UNIQUE INDEX backfills_one_per_job ON platform.backfills (job_id) WHERE state = 'running';

-- External effects that must happen once: the intent is written before the call, the outcome after it.
CREATE TABLE platform.effects (
  key text PRIMARY KEY,
  state text NOT NULL,
  run_id uuid NOT NULL,
  outcome jsonb,
  intended_at timestamptz(3) NOT NULL,
  settled_at timestamptz(3),
  CONSTRAINT effects_state CHECK (state in ('intended', 'done', 'parked'))
);
CREATE INDEX effects_parked ON platform.effects (intended_at) WHERE state = 'parked';
CREATE INDEX effects_by_run ON platform.effects (run_id);

-- HTTP requests that started a run, by the Idempotency-Key of the client.
CREATE TABLE platform.idempotency_keys (
  key text PRIMARY KEY,
  fingerprint text NOT NULL,
  run_id uuid,
  response jsonb,
  created_at timestamptz(3) NOT NULL
);
CREATE INDEX idempotency_keys_by_age ON platform.idempotency_keys (created_at);

-- Messages that no job could read, with the reason. The dead letters show them next to the dead runs.
CREATE TABLE platform.dead_messages (
  id uuid PRIMARY KEY,
  queue text NOT NULL,
  message_id text,
  body text NOT NULL,
  reason text NOT NULL,
  received_at timestamptz(3) NOT NULL,
  resolved_at timestamptz(3)
);

-- Controls
-- --------

-- The switches: one row for `global`, and one for each family that an operator has changed.
CREATE TABLE platform.controls (
  scope text PRIMARY KEY,
  kill_switch boolean DEFAULT false NOT NULL,
  jobs_enabled boolean DEFAULT true NOT NULL,
  write_enabled boolean DEFAULT true NOT NULL,
  comms_enabled boolean DEFAULT true NOT NULL,
  quiet_from time,
  quiet_to time,
  quiet_zone text,
  changed_at timestamptz(3) NOT NULL,
  changed_by text NOT NULL,
  CONSTRAINT controls_quiet_hours_complete CHECK (
    (quiet_from is null) = (quiet_to is null) and (quiet_from is null) = (quiet_zone is null)
  )
);

INSERT INTO platform.controls (scope, changed_at, changed_by) VALUES ('global', now(), 'migration');

-- What is paused: `all`, `family:<id>` or `job:<id>`.
CREATE TABLE platform.pauses (
  scope text PRIMARY KEY,
  reason text NOT NULL,
  paused_by text NOT NULL,
  paused_at timestamptz(3) NOT NULL,
  until timestamptz(3)
);

-- Settings that an operator changed while the app ran. A setting without a row has its configured value.
CREATE TABLE platform.settings (
  name text PRIMARY KEY,
  value jsonb NOT NULL,
  changed_at timestamptz(3) NOT NULL,
  changed_by text NOT NULL
);

-- Which person or client changed what, when and why, with the values before and after.
CREATE TABLE platform.audit_log (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  at timestamptz(3) NOT NULL,
  who text NOT NULL,
  action text NOT NULL,
  subject text NOT NULL,
  reason text,
  before jsonb,
  after jsonb
);
CREATE INDEX audit_log_by_subject ON platform.audit_log (subject, id);

-- Notifications
-- -------------

-- One message to one recipient, through one or more channels.
CREATE TABLE platform.notifications (
  id uuid PRIMARY KEY,
  family text NOT NULL,
  recipient text NOT NULL,
  channels text[] NOT NULL,
  severity text NOT NULL,
  type text NOT NULL,
  title text NOT NULL,
  body text NOT NULL,
  data jsonb DEFAULT '{}'::jsonb NOT NULL,
  dedupe_key text,
  state text NOT NULL,
  reason text,
  attempts integer DEFAULT 0 NOT NULL,
  provider_message_id text,
  created_at timestamptz(3) NOT NULL,
  sending_at timestamptz(3),
  settled_at timestamptz(3),
  read_at timestamptz(3),
  deferred_at timestamptz(3),
  digested_at timestamptz(3),
  CONSTRAINT notifications_state CHECK (state in ('pending', 'sending', 'sent', 'failed', 'suppressed')),
  CONSTRAINT notifications_severity CHECK (severity in ('INFO', 'WARN', 'SEV1', 'SEV0')),
  CONSTRAINT notifications_channels CHECK (
    cardinality(channels) > 0 and channels <@ array['web', 'email', 'push', 'chatbot', 'sms', 'voice', 'webhook']
  ),
  CONSTRAINT notifications_settled CHECK ((state in ('sent', 'failed', 'suppressed')) = (settled_at is not null)),
  CONSTRAINT notifications_has_reason CHECK (state not in ('failed', 'suppressed') or reason is not null),
  CONSTRAINT notifications_attempts CHECK (attempts >= 0 and (state <> 'sending' or attempts > 0)),
  CONSTRAINT notifications_not_empty CHECK (recipient <> '' and title <> '' and type <> '')
);
CREATE UNIQUE INDEX notifications_dedupe_key ON platform.notifications (recipient, dedupe_key) WHERE dedupe_key is not null;
CREATE INDEX notifications_by_recipient ON platform.notifications (recipient, id);
CREATE INDEX notifications_open ON platform.notifications (id) WHERE state in ('pending', 'sending');

-- The result of one attempt in one channel. Without a foreign key: a batch inserts 100,000 rows.
CREATE TABLE platform.notification_deliveries (
  notification_id uuid NOT NULL,
  channel text NOT NULL,
  attempt integer NOT NULL,
  run_id uuid,
  state text NOT NULL,
  reason text,
  provider_message_id text,
  started_at timestamptz(3) NOT NULL,
  ended_at timestamptz(3),
  CONSTRAINT notification_deliveries_notification_id_channel_attempt_pk PRIMARY KEY (notification_id, channel, attempt),
  CONSTRAINT notification_deliveries_state CHECK (
    state in ('sending', 'sent', 'retrying', 'failed', 'unknown', 'held', 'suppressed', 'deferred')
  ),
  CONSTRAINT notification_deliveries_channel CHECK (
    channel in ('web', 'email', 'push', 'chatbot', 'sms', 'voice', 'webhook')
  ),
  CONSTRAINT notification_deliveries_ended CHECK ((state = 'sending') = (ended_at is null)),
  CONSTRAINT notification_deliveries_has_reason CHECK (state in ('sending', 'sent') or reason is not null),
  CONSTRAINT notification_deliveries_attempt CHECK (attempt >= 0 and (attempt = 0) = (run_id is null))
);

-- The addresses that may be contacted. A recipient without a row gets no mail, call or text.
CREATE TABLE platform.communication_allowlist (
  recipient text NOT NULL,
  channel text NOT NULL,
  address text NOT NULL,
  added_by text NOT NULL,
  added_at timestamptz(3) NOT NULL,
  CONSTRAINT communication_allowlist_recipient_channel_pk PRIMARY KEY (recipient, channel),
  CONSTRAINT communication_allowlist_channel CHECK (channel in ('email', 'chatbot', 'sms', 'voice')),
  CONSTRAINT communication_allowlist_address CHECK (recipient <> '' and address <> '')
);

-- Browsers that subscribed to push messages.
CREATE TABLE platform.push_subscriptions (
  endpoint text PRIMARY KEY,
  recipient text NOT NULL,
  p256dh text NOT NULL,
  auth text NOT NULL,
  added_at timestamptz(3) NOT NULL,
  id uuid DEFAULT gen_random_uuid() NOT NULL,
  CONSTRAINT push_subscriptions_id UNIQUE (id)
);
CREATE INDEX push_subscriptions_by_recipient ON platform.push_subscriptions (recipient);

-- Functions
-- ---------

-- Every reason why a gate refuses a job at `at`, ordered by `rank`. A started run reads them all: it ignores a pause, and a pause
-- must not hide a switch that stops it. `needs`: 'jobs' (every job except upkeep), 'write', 'comms', 'quiet'.
CREATE FUNCTION platform.gate_refusals(job_id text, family text, needs text[], at timestamptz)
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
              -- for example 22:00 to 07:00
              ELSE (at AT TIME ZONE c.quiet_zone)::time >= c.quiet_from OR (at AT TIME ZONE c.quiet_zone)::time < c.quiet_to
         END
$$;

-- The first refusal. No row: the job may run.
CREATE FUNCTION platform.gate_refusal(job_id text, family text, needs text[], at timestamptz)
RETURNS TABLE (code text, reason text)
LANGUAGE sql STABLE
AS $$
  SELECT refusal.code, refusal.reason
    FROM platform.gate_refusals(job_id, family, needs, at) AS refusal
   ORDER BY refusal.rank LIMIT 1
$$;

-- Equal for errors that differ only in ids, numbers and quoted values, so that a list can group them.
CREATE FUNCTION platform.error_fingerprint(error jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
  SELECT left(md5(coalesce(error ->> 'class', '') || '|' || coalesce(error ->> 'name', '') || '|' ||
    regexp_replace(coalesce(error ->> 'message', ''),
      '[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|"[^"]*"|[0-9]+', '#', 'g')), 12)
$$;

-- The last statement of a transaction that writes for a batch of runs. Its shared locks block heartbeats only.
-- It raises an error instead of returning rows, so that a COMMIT which is already on the wire fails too.
CREATE FUNCTION platform.confirm_leases(ids uuid[], attempts integer[], holder text)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  leased uuid[];
BEGIN
  SELECT array_agg(locked.id) INTO leased FROM (
    -- lease_expires_at instead of state: the planner must not choose the index of all running runs, which looks small while
    -- statistics are old.
    SELECT id FROM platform.job_runs
     WHERE id = ANY (ids) AND attempt = attempts[array_position(ids, id)]
       AND lease_holder = holder AND lease_expires_at IS NOT NULL
     ORDER BY id FOR SHARE
  ) locked;
  IF cardinality(leased) IS DISTINCT FROM cardinality(ids) THEN
    RAISE EXCEPTION 'the lease of a run was lost' USING
      ERRCODE = 'RT001',
      DETAIL = (SELECT run FROM unnest(ids) AS run WHERE run <> ALL (coalesce(leased, '{}')) LIMIT 1);
  END IF;
END
$$;
