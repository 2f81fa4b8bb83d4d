CREATE SCHEMA "personal_ops";

CREATE TABLE "personal_ops"."agent_audit_log" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "personal_ops"."agent_audit_log_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp (3) with time zone NOT NULL,
	"action" text NOT NULL,
	"action_type" text NOT NULL,
	"actor" text NOT NULL,
	"run_id" uuid,
	"attempt" integer,
	"success" boolean NOT NULL,
	"error" text,
	"duration_ms" bigint,
	"output" jsonb,
	"archived" boolean DEFAULT false NOT NULL,
	CONSTRAINT "agent_audit_log_type" CHECK (action_type in ('job', 'control', 'manual', 'communication')),
	CONSTRAINT "agent_audit_log_error" CHECK (success or error is not null),
	CONSTRAINT "agent_audit_log_duration" CHECK (duration_ms >= 0)
);

CREATE TABLE "personal_ops"."chat_messages" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "personal_ops"."chat_messages_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"chat" text NOT NULL,
	"external_id" text NOT NULL,
	"direction" text NOT NULL,
	"text" text NOT NULL,
	"sent_at" timestamp (3) with time zone NOT NULL,
	"stored_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "chat_messages_of_chat" UNIQUE("chat","external_id"),
	CONSTRAINT "chat_messages_direction" CHECK (direction in ('from_person', 'to_person')),
	CONSTRAINT "chat_messages_ids" CHECK (chat <> '' and external_id <> '')
);

CREATE TABLE "personal_ops"."corrections" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "personal_ops"."corrections_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp (3) with time zone NOT NULL,
	"subject" text NOT NULL,
	"wrong" text NOT NULL,
	"right" text NOT NULL,
	"corrected_by" text NOT NULL,
	"chat_message_id" bigint,
	CONSTRAINT "corrections_of_message" UNIQUE("chat_message_id"),
	CONSTRAINT "corrections_subject" CHECK (subject <> '')
);

CREATE TABLE "personal_ops"."data_source_sync" (
	"source" text PRIMARY KEY NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"completed_at" timestamp (3) with time zone,
	"success" boolean,
	"items" integer DEFAULT 0 NOT NULL,
	"error" text,
	"consecutive_failures" integer DEFAULT 0 NOT NULL,
	"watermark" jsonb,
	CONSTRAINT "data_source_sync_source" CHECK (source in ('notion', 'n8n', 'hubspot', 'chat')),
	CONSTRAINT "data_source_sync_completed" CHECK ((success is null) = (completed_at is null)),
	CONSTRAINT "data_source_sync_error" CHECK (success is distinct from false or error is not null),
	CONSTRAINT "data_source_sync_counts" CHECK (items >= 0 and consecutive_failures >= 0)
);

CREATE TABLE "personal_ops"."dead_letter_jobs" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "personal_ops"."dead_letter_jobs_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"retry_job_id" bigint NOT NULL,
	"kind" text NOT NULL,
	"payload" jsonb NOT NULL,
	"error" text NOT NULL,
	"attempts" integer NOT NULL,
	"died_at" timestamp (3) with time zone NOT NULL,
	"resolved_at" timestamp (3) with time zone,
	"resolution" text,
	"resolved_by" text,
	"reason" text,
	CONSTRAINT "dead_letter_jobs_of_retry_job" UNIQUE("retry_job_id"),
	CONSTRAINT "dead_letter_jobs_resolution" CHECK (resolution in ('replayed', 'dismissed')),
	CONSTRAINT "dead_letter_jobs_resolved" CHECK ((resolved_at is null) = (resolution is null) and (resolved_at is null) = (resolved_by is null))
);

CREATE TABLE "personal_ops"."incidents" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "personal_ops"."incidents_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"type" text NOT NULL,
	"key" text NOT NULL,
	"severity" text NOT NULL,
	"title" text NOT NULL,
	"detail" text DEFAULT '' NOT NULL,
	"status" text DEFAULT 'open' NOT NULL,
	"occurrences" integer DEFAULT 1 NOT NULL,
	"first_seen" timestamp (3) with time zone NOT NULL,
	"last_seen" timestamp (3) with time zone NOT NULL,
	"hour" timestamp (0) GENERATED ALWAYS AS (date_trunc('hour', first_seen at time zone 'UTC')) STORED NOT NULL,
	"acknowledged_at" timestamp (3) with time zone,
	"acknowledged_by" text,
	"resolved_at" timestamp (3) with time zone,
	"resolved_by" text,
	"resolution" text,
	"archived" boolean DEFAULT false NOT NULL,
	CONSTRAINT "incidents_one_an_hour" UNIQUE("type","key","hour"),
	CONSTRAINT "incidents_status" CHECK (status in ('open', 'acknowledged', 'resolved')),
	CONSTRAINT "incidents_severity" CHECK (severity in ('INFO', 'WARN', 'SEV1', 'SEV0')),
	CONSTRAINT "incidents_not_empty" CHECK (type <> '' and key <> '' and title <> ''),
	CONSTRAINT "incidents_occurrences" CHECK (occurrences > 0 and first_seen <= last_seen),
	CONSTRAINT "incidents_resolved_at" CHECK ((status = 'resolved') = (resolved_at is not null) and (resolved_at is null) = (resolved_by is null)),
	CONSTRAINT "incidents_acknowledged_at" CHECK ((acknowledged_at is null) = (acknowledged_by is null) and (status <> 'acknowledged' or acknowledged_at is not null))
);

CREATE TABLE "personal_ops"."memory_items" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "personal_ops"."memory_items_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"key" text NOT NULL,
	"title" text DEFAULT '' NOT NULL,
	"value" text NOT NULL,
	"data" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"authority" text NOT NULL,
	"source_type" text NOT NULL,
	"source_id" text NOT NULL,
	"content_hash" "bytea" NOT NULL,
	"superseded_by" bigint,
	"supersede_reason" text,
	"valid_from" timestamp (3) with time zone NOT NULL,
	"valid_to" timestamp (3) with time zone,
	CONSTRAINT "memory_items_key" CHECK (key <> ''),
	CONSTRAINT "memory_items_authority" CHECK (authority in ('canonical', 'inferred')),
	CONSTRAINT "memory_items_source" CHECK (source_type in ('notion', 'n8n', 'hubspot', 'chat')),
	CONSTRAINT "memory_items_hash" CHECK (octet_length(content_hash) = 32),
	CONSTRAINT "memory_items_superseded" CHECK ((superseded_by is null or valid_to is not null) and (valid_to is null) = (supersede_reason is null)),
	CONSTRAINT "memory_items_validity" CHECK (valid_from <= valid_to)
);

CREATE TABLE "personal_ops"."patterns" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "personal_ops"."patterns_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"type" text NOT NULL,
	"fingerprint" text NOT NULL,
	"confidence" double precision NOT NULL,
	"title" text NOT NULL,
	"evidence" jsonb NOT NULL,
	"occurrences" integer DEFAULT 1 NOT NULL,
	"first_seen" timestamp (3) with time zone NOT NULL,
	"last_seen" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "patterns_fingerprint" UNIQUE("fingerprint"),
	CONSTRAINT "patterns_type" CHECK (type in ('repeated_failure', 'repeated_correction', 'daily_action', 'action_sequence')),
	CONSTRAINT "patterns_confidence" CHECK (confidence between 0 and 1),
	CONSTRAINT "patterns_occurrences" CHECK (occurrences > 0 and first_seen <= last_seen)
);

CREATE TABLE "personal_ops"."proposals" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "personal_ops"."proposals_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"pattern_id" bigint NOT NULL,
	"title" text NOT NULL,
	"body" text NOT NULL,
	"confidence" double precision NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"hour" timestamp (0) GENERATED ALWAYS AS (date_trunc('hour', created_at at time zone 'UTC')) STORED NOT NULL,
	"place_in_hour" integer NOT NULL,
	"decided_at" timestamp (3) with time zone,
	"decided_by" text,
	"reason" text,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "proposals_of_pattern" UNIQUE("pattern_id"),
	CONSTRAINT "proposals_places_of_hour" UNIQUE("hour","place_in_hour"),
	CONSTRAINT "proposals_status" CHECK (status in ('pending', 'approved', 'rejected')),
	CONSTRAINT "proposals_confidence" CHECK (confidence between 0 and 1),
	CONSTRAINT "proposals_place" CHECK (place_in_hour between 1 and 10),
	CONSTRAINT "proposals_decided" CHECK ((status = 'pending') = (decided_at is null) and (decided_at is null) = (decided_by is null))
);

CREATE TABLE "personal_ops"."retry_jobs" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "personal_ops"."retry_jobs_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"kind" text NOT NULL,
	"payload" jsonb NOT NULL,
	"dedupe_key" text,
	"status" text DEFAULT 'pending' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"max_attempts" integer DEFAULT 5 NOT NULL,
	"run_at" timestamp (3) with time zone NOT NULL,
	"last_error" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"finished_at" timestamp (3) with time zone,
	"archived" boolean DEFAULT false NOT NULL,
	CONSTRAINT "retry_jobs_status" CHECK (status in ('pending', 'completed', 'dead')),
	CONSTRAINT "retry_jobs_attempts" CHECK (attempts between 0 and max_attempts and max_attempts between 1 and 20),
	CONSTRAINT "retry_jobs_finished_at" CHECK ((status = 'pending') = (finished_at is null)),
	CONSTRAINT "retry_jobs_error" CHECK (status <> 'dead' or last_error is not null)
);

CREATE TABLE "personal_ops"."workflow_executions" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "personal_ops"."workflow_executions_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"source" text NOT NULL,
	"execution_id" text NOT NULL,
	"workflow_id" text NOT NULL,
	"workflow_name" text,
	"status" text NOT NULL,
	"started_at" timestamp (3) with time zone,
	"stopped_at" timestamp (3) with time zone,
	"error" text,
	"stored_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "workflow_executions_of_source" UNIQUE("source","execution_id"),
	CONSTRAINT "workflow_executions_ids" CHECK (execution_id <> '' and workflow_id <> '' and status <> '')
);

ALTER TABLE "personal_ops"."corrections" ADD CONSTRAINT "corrections_chat_message_id_chat_messages_id_fk" FOREIGN KEY ("chat_message_id") REFERENCES "personal_ops"."chat_messages"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "personal_ops"."dead_letter_jobs" ADD CONSTRAINT "dead_letter_jobs_retry_job_id_retry_jobs_id_fk" FOREIGN KEY ("retry_job_id") REFERENCES "personal_ops"."retry_jobs"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "personal_ops"."memory_items" ADD CONSTRAINT "memory_items_superseded_by_memory_items_id_fk" FOREIGN KEY ("superseded_by") REFERENCES "personal_ops"."memory_items"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "personal_ops"."proposals" ADD CONSTRAINT "proposals_pattern_id_patterns_id_fk" FOREIGN KEY ("pattern_id") REFERENCES "personal_ops"."patterns"("id") ON DELETE no action ON UPDATE no action;
CREATE INDEX "agent_audit_log_live" ON "personal_ops"."agent_audit_log" USING btree ("at","id") WHERE not archived;
CREATE INDEX "agent_audit_log_live_by_action" ON "personal_ops"."agent_audit_log" USING btree ("action","at","id") WHERE not archived;
CREATE INDEX "agent_audit_log_live_by_type" ON "personal_ops"."agent_audit_log" USING btree ("action_type","at","id") WHERE not archived;
CREATE INDEX "agent_audit_log_by_run" ON "personal_ops"."agent_audit_log" USING btree ("run_id");
CREATE INDEX "chat_messages_by_time" ON "personal_ops"."chat_messages" USING btree ("sent_at","id");
CREATE INDEX "corrections_by_time" ON "personal_ops"."corrections" USING btree ("at","id");
CREATE INDEX "dead_letter_jobs_open" ON "personal_ops"."dead_letter_jobs" USING btree ("id") WHERE resolved_at is null;
CREATE UNIQUE INDEX "incidents_one_unresolved" ON "personal_ops"."incidents" USING btree ("type","key") WHERE status <> 'resolved';
CREATE INDEX "incidents_live" ON "personal_ops"."incidents" USING btree ("status","id") WHERE not archived;
CREATE INDEX "incidents_unresolved_by_last_seen" ON "personal_ops"."incidents" USING btree ("last_seen") WHERE status <> 'resolved';
CREATE INDEX "incidents_resolved" ON "personal_ops"."incidents" USING btree ("resolved_at","id") WHERE status = 'resolved' and not archived;
CREATE UNIQUE INDEX "memory_items_one_valid" ON "personal_ops"."memory_items" USING btree ("key") WHERE valid_to is null;
CREATE INDEX "memory_items_by_key" ON "personal_ops"."memory_items" USING btree ("key","id");
CREATE INDEX "memory_items_superseded_by" ON "personal_ops"."memory_items" USING btree ("superseded_by");
CREATE INDEX "memory_items_search" ON "personal_ops"."memory_items" USING gin (to_tsvector('simple', title || ' ' || left(value, 100000))) WHERE valid_to is null;
CREATE INDEX "proposals_by_status" ON "personal_ops"."proposals" USING btree ("status","id");
CREATE INDEX "retry_jobs_due" ON "personal_ops"."retry_jobs" USING btree ("run_at","id") WHERE status = 'pending';
CREATE INDEX "retry_jobs_live" ON "personal_ops"."retry_jobs" USING btree ("status","id") WHERE not archived;
CREATE INDEX "retry_jobs_finished" ON "personal_ops"."retry_jobs" USING btree ("finished_at","id") WHERE status = 'completed' and not archived;
CREATE UNIQUE INDEX "retry_jobs_one_open" ON "personal_ops"."retry_jobs" USING btree ("kind","dedupe_key") WHERE status = 'pending' and dedupe_key is not null;
CREATE INDEX "workflow_executions_of_workflow" ON "personal_ops"."workflow_executions" USING btree ("workflow_id","stored_at");
CREATE INDEX "workflow_executions_by_time" ON "personal_ops"."workflow_executions" USING btree ("stored_at","id");