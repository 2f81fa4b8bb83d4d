CREATE SCHEMA "knowledge";

CREATE TABLE "knowledge"."atom_proposals" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "knowledge"."atom_proposals_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"extraction_run_id" uuid NOT NULL,
	"message_id" uuid,
	"confidence" double precision NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"exact_key" bytea NOT NULL,
	"content_hash" bytea NOT NULL,
	"similarity_score" double precision,
	"similarity_type" text,
	"compared_version" bigint,
	"compared_model" text,
	"dedup_scanned_at" timestamp (3) with time zone,
	"reviewed_by_user_id" integer,
	"reviewed_by" text,
	"reviewed_at" timestamp (3) with time zone,
	"review_notes" text,
	"revision" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"proposed_title" text NOT NULL,
	"proposed_content" text NOT NULL,
	"topic_id" bigint,
	"topic_proposal_id" bigint,
	"similar_atom_id" bigint,
	"atom_id" bigint,
	"approved_version" bigint GENERATED ALWAYS AS (case when status = 'approved' then compared_version + 1 end) STORED,
	CONSTRAINT "atom_proposals_title" CHECK (proposed_title <> ''),
	CONSTRAINT "atom_proposals_content" CHECK (proposed_content <> ''),
	CONSTRAINT "atom_proposals_entity" CHECK ((status in ('approved', 'merged')) = (atom_id is not null)),
	CONSTRAINT "atom_proposals_approved" CHECK (status <> 'approved' or compared_version is not null),
	CONSTRAINT "atom_proposals_confidence" CHECK (confidence between 0 and 1),
	CONSTRAINT "atom_proposals_status" CHECK (status in ('pending', 'approved', 'rejected', 'merged')),
	CONSTRAINT "atom_proposals_reviewed" CHECK ((status = 'pending') = (reviewed_at is null)),
	CONSTRAINT "atom_proposals_similarity" CHECK (similarity_type in ('exact', 'semantic', 'pending_twin')),
	CONSTRAINT "atom_proposals_score" CHECK (similarity_score between 0 and 1),
	CONSTRAINT "atom_proposals_compared" CHECK (num_nulls(compared_version, compared_model, dedup_scanned_at) in (0, 3))
);

CREATE TABLE "knowledge"."atoms" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "knowledge"."atoms_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"exact_key" bytea NOT NULL,
	"content_hash" bytea NOT NULL,
	"created_version" bigint DEFAULT 0 NOT NULL,
	"version" bigint DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"title" text NOT NULL,
	"content" text NOT NULL,
	"topic_id" bigint,
	"topic_proposal_id" bigint,
	CONSTRAINT "atoms_created" UNIQUE("id","created_version"),
	CONSTRAINT "atoms_title" CHECK (title <> ''),
	CONSTRAINT "atoms_content" CHECK (content <> '')
);

CREATE TABLE "knowledge"."audit_trail" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "knowledge"."audit_trail_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp (3) with time zone NOT NULL,
	"who" text NOT NULL,
	"action" text NOT NULL,
	"subject_type" text NOT NULL,
	"subject_id" text NOT NULL,
	"run_id" uuid,
	"reason" text,
	"before" jsonb,
	"after" jsonb,
	CONSTRAINT "audit_trail_subject_type" CHECK (subject_type in ('topic_proposal', 'atom_proposal', 'topic', 'atom', 'extraction_run'))
);

CREATE TABLE "knowledge"."entity_sets" (
	"kind" text PRIMARY KEY NOT NULL,
	"version" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "entity_sets_kind" CHECK (kind in ('topic', 'atom'))
);

CREATE TABLE "knowledge"."extraction_messages" (
	"extraction_run_id" uuid NOT NULL,
	"message_id" uuid NOT NULL,
	"position" integer NOT NULL,
	CONSTRAINT "extraction_messages_link" PRIMARY KEY("extraction_run_id","message_id")
);

CREATE TABLE "knowledge"."extraction_runs" (
	"id" uuid PRIMARY KEY NOT NULL,
	"state" text DEFAULT 'queued' NOT NULL,
	"extractor" text,
	"run_id" uuid,
	"requested_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"finished_at" timestamp (3) with time zone,
	CONSTRAINT "extraction_runs_state" CHECK (state in ('queued', 'extracted', 'failed')),
	CONSTRAINT "extraction_runs_finished" CHECK ((state = 'queued') = (finished_at is null))
);

CREATE TABLE "knowledge"."messages" (
	"id" uuid PRIMARY KEY NOT NULL,
	"source" text NOT NULL,
	"external_id" text NOT NULL,
	"author" text,
	"text" text NOT NULL,
	"sent_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "messages_of_source" UNIQUE("source","external_id")
);

CREATE TABLE "knowledge"."proposal_metrics" (
	"taken_at" timestamp (3) with time zone NOT NULL,
	"kind" text NOT NULL,
	"pending" integer NOT NULL,
	"approved" integer NOT NULL,
	"rejected" integer NOT NULL,
	"merged" integer NOT NULL,
	"approval_rate" double precision,
	"auto_approval_rate" double precision,
	"duplicate_rate" double precision,
	"duplicate_accuracy" double precision,
	"expiration_rate" double precision,
	"average_pending_confidence" double precision,
	"queue_age_mean" double precision,
	"queue_age_p95" double precision,
	CONSTRAINT "proposal_metrics_snapshot" PRIMARY KEY("taken_at","kind"),
	CONSTRAINT "proposal_metrics_kind" CHECK (kind in ('topic', 'atom'))
);

CREATE TABLE "knowledge"."topic_proposals" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "knowledge"."topic_proposals_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"extraction_run_id" uuid NOT NULL,
	"message_id" uuid,
	"confidence" double precision NOT NULL,
	"status" text DEFAULT 'pending' NOT NULL,
	"exact_key" bytea NOT NULL,
	"content_hash" bytea NOT NULL,
	"similarity_score" double precision,
	"similarity_type" text,
	"compared_version" bigint,
	"compared_model" text,
	"dedup_scanned_at" timestamp (3) with time zone,
	"reviewed_by_user_id" integer,
	"reviewed_by" text,
	"reviewed_at" timestamp (3) with time zone,
	"review_notes" text,
	"revision" integer DEFAULT 1 NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"proposed_name" text NOT NULL,
	"proposed_description" text DEFAULT '' NOT NULL,
	"similar_topic_id" bigint,
	"topic_id" bigint,
	"approved_version" bigint GENERATED ALWAYS AS (case when status = 'approved' then compared_version + 1 end) STORED,
	CONSTRAINT "topic_proposals_name" CHECK (proposed_name <> ''),
	CONSTRAINT "topic_proposals_entity" CHECK ((status in ('approved', 'merged')) = (topic_id is not null)),
	CONSTRAINT "topic_proposals_approved" CHECK (status <> 'approved' or compared_version is not null),
	CONSTRAINT "topic_proposals_confidence" CHECK (confidence between 0 and 1),
	CONSTRAINT "topic_proposals_status" CHECK (status in ('pending', 'approved', 'rejected', 'merged')),
	CONSTRAINT "topic_proposals_reviewed" CHECK ((status = 'pending') = (reviewed_at is null)),
	CONSTRAINT "topic_proposals_similarity" CHECK (similarity_type in ('exact', 'semantic', 'pending_twin')),
	CONSTRAINT "topic_proposals_score" CHECK (similarity_score between 0 and 1),
	CONSTRAINT "topic_proposals_compared" CHECK (num_nulls(compared_version, compared_model, dedup_scanned_at) in (0, 3))
);

CREATE TABLE "knowledge"."topics" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "knowledge"."topics_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"exact_key" bytea NOT NULL,
	"content_hash" bytea NOT NULL,
	"created_version" bigint DEFAULT 0 NOT NULL,
	"version" bigint DEFAULT 0 NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	CONSTRAINT "topics_created" UNIQUE("id","created_version"),
	CONSTRAINT "topics_name" CHECK (name <> '')
);

ALTER TABLE "knowledge"."atom_proposals" ADD CONSTRAINT "atom_proposals_extraction_run_id_extraction_runs_id_fk" FOREIGN KEY ("extraction_run_id") REFERENCES "knowledge"."extraction_runs"("id") ON DELETE restrict ON UPDATE no action;
ALTER TABLE "knowledge"."atom_proposals" ADD CONSTRAINT "atom_proposals_message_id_messages_id_fk" FOREIGN KEY ("message_id") REFERENCES "knowledge"."messages"("id") ON DELETE set null ON UPDATE no action;
ALTER TABLE "knowledge"."atom_proposals" ADD CONSTRAINT "atom_proposals_topic_id_topics_id_fk" FOREIGN KEY ("topic_id") REFERENCES "knowledge"."topics"("id") ON DELETE set null ON UPDATE no action;
ALTER TABLE "knowledge"."atom_proposals" ADD CONSTRAINT "atom_proposals_topic_proposal_id_topic_proposals_id_fk" FOREIGN KEY ("topic_proposal_id") REFERENCES "knowledge"."topic_proposals"("id") ON DELETE set null ON UPDATE no action;
ALTER TABLE "knowledge"."atom_proposals" ADD CONSTRAINT "atom_proposals_similar_atom_id_atoms_id_fk" FOREIGN KEY ("similar_atom_id") REFERENCES "knowledge"."atoms"("id") ON DELETE set null ON UPDATE no action;
ALTER TABLE "knowledge"."atom_proposals" ADD CONSTRAINT "atom_proposals_atom_id_atoms_id_fk" FOREIGN KEY ("atom_id") REFERENCES "knowledge"."atoms"("id") ON DELETE restrict ON UPDATE no action;
ALTER TABLE "knowledge"."atom_proposals" ADD CONSTRAINT "atom_proposals_compared_before_approved" FOREIGN KEY ("atom_id","approved_version") REFERENCES "knowledge"."atoms"("id","created_version") ON DELETE no action ON UPDATE no action;
ALTER TABLE "knowledge"."atoms" ADD CONSTRAINT "atoms_topic_id_topics_id_fk" FOREIGN KEY ("topic_id") REFERENCES "knowledge"."topics"("id") ON DELETE set null ON UPDATE no action;
ALTER TABLE "knowledge"."atoms" ADD CONSTRAINT "atoms_topic_proposal_id_topic_proposals_id_fk" FOREIGN KEY ("topic_proposal_id") REFERENCES "knowledge"."topic_proposals"("id") ON DELETE set null ON UPDATE no action;
ALTER TABLE "knowledge"."extraction_messages" ADD CONSTRAINT "extraction_messages_extraction_run_id_extraction_runs_id_fk" FOREIGN KEY ("extraction_run_id") REFERENCES "knowledge"."extraction_runs"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "knowledge"."extraction_messages" ADD CONSTRAINT "extraction_messages_message_id_messages_id_fk" FOREIGN KEY ("message_id") REFERENCES "knowledge"."messages"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "knowledge"."topic_proposals" ADD CONSTRAINT "topic_proposals_extraction_run_id_extraction_runs_id_fk" FOREIGN KEY ("extraction_run_id") REFERENCES "knowledge"."extraction_runs"("id") ON DELETE restrict ON UPDATE no action;
ALTER TABLE "knowledge"."topic_proposals" ADD CONSTRAINT "topic_proposals_message_id_messages_id_fk" FOREIGN KEY ("message_id") REFERENCES "knowledge"."messages"("id") ON DELETE set null ON UPDATE no action;
ALTER TABLE "knowledge"."topic_proposals" ADD CONSTRAINT "topic_proposals_similar_topic_id_topics_id_fk" FOREIGN KEY ("similar_topic_id") REFERENCES "knowledge"."topics"("id") ON DELETE set null ON UPDATE no action;
ALTER TABLE "knowledge"."topic_proposals" ADD CONSTRAINT "topic_proposals_topic_id_topics_id_fk" FOREIGN KEY ("topic_id") REFERENCES "knowledge"."topics"("id") ON DELETE restrict ON UPDATE no action;
ALTER TABLE "knowledge"."topic_proposals" ADD CONSTRAINT "topic_proposals_compared_before_approved" FOREIGN KEY ("topic_id","approved_version") REFERENCES "knowledge"."topics"("id","created_version") ON DELETE no action ON UPDATE no action;
CREATE INDEX "atom_proposals_by_status" ON "knowledge"."atom_proposals" USING btree ("status","id");
CREATE INDEX "atom_proposals_pending_by_age" ON "knowledge"."atom_proposals" USING btree ("created_at","id") WHERE status = 'pending';
CREATE INDEX "atom_proposals_of_run" ON "knowledge"."atom_proposals" USING btree ("extraction_run_id");
CREATE INDEX "atom_proposals_of_message" ON "knowledge"."atom_proposals" USING btree ("message_id");
CREATE INDEX "atom_proposals_of_atom" ON "knowledge"."atom_proposals" USING btree ("atom_id");
CREATE INDEX "atom_proposals_similar" ON "knowledge"."atom_proposals" USING btree ("similar_atom_id");
CREATE INDEX "atom_proposals_of_topic" ON "knowledge"."atom_proposals" USING btree ("topic_id");
CREATE INDEX "atom_proposals_of_topic_proposal" ON "knowledge"."atom_proposals" USING btree ("topic_proposal_id");
CREATE INDEX "atom_proposals_by_exact_key" ON "knowledge"."atom_proposals" USING btree ("exact_key") WHERE status = 'pending';
CREATE INDEX "atoms_by_exact_key" ON "knowledge"."atoms" USING btree ("exact_key");
CREATE INDEX "atoms_by_content" ON "knowledge"."atoms" USING btree ("content_hash");
CREATE INDEX "atoms_by_version" ON "knowledge"."atoms" USING btree ("version");
CREATE INDEX "atoms_of_topic" ON "knowledge"."atoms" USING btree ("topic_id");
CREATE INDEX "atoms_of_topic_proposal" ON "knowledge"."atoms" USING btree ("topic_proposal_id");
CREATE INDEX "audit_trail_by_subject" ON "knowledge"."audit_trail" USING btree ("subject_type","subject_id","id");
CREATE INDEX "audit_trail_by_time" ON "knowledge"."audit_trail" USING btree ("at","id");
CREATE INDEX "extraction_messages_of_message" ON "knowledge"."extraction_messages" USING btree ("message_id");
CREATE INDEX "extraction_runs_by_time" ON "knowledge"."extraction_runs" USING btree ("created_at","id");
CREATE INDEX "topic_proposals_by_status" ON "knowledge"."topic_proposals" USING btree ("status","id");
CREATE INDEX "topic_proposals_pending_by_age" ON "knowledge"."topic_proposals" USING btree ("created_at","id") WHERE status = 'pending';
CREATE INDEX "topic_proposals_of_run" ON "knowledge"."topic_proposals" USING btree ("extraction_run_id");
CREATE INDEX "topic_proposals_of_message" ON "knowledge"."topic_proposals" USING btree ("message_id");
CREATE INDEX "topic_proposals_of_topic" ON "knowledge"."topic_proposals" USING btree ("topic_id");
CREATE INDEX "topic_proposals_similar" ON "knowledge"."topic_proposals" USING btree ("similar_topic_id");
CREATE INDEX "topic_proposals_by_exact_key" ON "knowledge"."topic_proposals" USING btree ("exact_key") WHERE status = 'pending';
CREATE INDEX "topics_by_exact_key" ON "knowledge"."topics" USING btree ("exact_key");
CREATE INDEX "topics_by_content" ON "knowledge"."topics" USING btree ("content_hash");
CREATE INDEX "topics_by_version" ON "knowledge"."topics" USING btree ("version");

INSERT INTO knowledge.entity_sets (kind) VALUES ('topic'), ('atom');

-- Every statement that adds entities or changes their text takes the next version of their set, and holds the set's row
-- until its transaction ends: versions are committed in their order.
CREATE FUNCTION knowledge.next_version() RETURNS trigger LANGUAGE plpgsql AS $$
begin
  update knowledge.entity_sets set version = version + 1 where kind = tg_argv[0];
  return null;
end $$;

CREATE FUNCTION knowledge.set_version() RETURNS trigger LANGUAGE plpgsql AS $$
begin
  select version into new.version from knowledge.entity_sets where kind = tg_argv[0];
  new.created_version := case when tg_op = 'INSERT' then new.version else old.created_version end;
  return new;
end $$;

CREATE TRIGGER a_next_version BEFORE INSERT OR UPDATE OF name, description, exact_key, content_hash ON knowledge.topics
  FOR EACH STATEMENT EXECUTE FUNCTION knowledge.next_version('topic');
CREATE TRIGGER b_set_version BEFORE INSERT OR UPDATE OF name, description, exact_key, content_hash ON knowledge.topics
  FOR EACH ROW EXECUTE FUNCTION knowledge.set_version('topic');
CREATE TRIGGER a_next_version BEFORE INSERT OR UPDATE OF title, content, exact_key, content_hash ON knowledge.atoms
  FOR EACH STATEMENT EXECUTE FUNCTION knowledge.next_version('atom');
CREATE TRIGGER b_set_version BEFORE INSERT OR UPDATE OF title, content, exact_key, content_hash ON knowledge.atoms
  FOR EACH ROW EXECUTE FUNCTION knowledge.set_version('atom');

-- A pending proposal whose similar entity is deleted is compared again.
CREATE FUNCTION knowledge.topic_proposal_changed() RETURNS trigger LANGUAGE plpgsql AS $$
begin
  if new.status = 'pending' and old.similar_topic_id is not null and new.similar_topic_id is null then
    new.similarity_score := null;
    new.similarity_type := null;
    new.compared_version := null;
    new.compared_model := null;
    new.dedup_scanned_at := null;
  end if;
  if (new.status, new.similar_topic_id, new.similarity_type, new.similarity_score, new.topic_id,
      new.proposed_name, new.proposed_description)
     is distinct from
     (old.status, old.similar_topic_id, old.similarity_type, old.similarity_score, old.topic_id,
      old.proposed_name, old.proposed_description) then
    new.revision := old.revision + 1;
  end if;
  return new;
end $$;
CREATE TRIGGER changed BEFORE UPDATE ON knowledge.topic_proposals
  FOR EACH ROW EXECUTE FUNCTION knowledge.topic_proposal_changed();

CREATE FUNCTION knowledge.atom_proposal_changed() RETURNS trigger LANGUAGE plpgsql AS $$
begin
  if new.status = 'pending' and old.similar_atom_id is not null and new.similar_atom_id is null then
    new.similarity_score := null;
    new.similarity_type := null;
    new.compared_version := null;
    new.compared_model := null;
    new.dedup_scanned_at := null;
  end if;
  if (new.status, new.similar_atom_id, new.similarity_type, new.similarity_score, new.atom_id,
      new.topic_id, new.topic_proposal_id, new.proposed_title, new.proposed_content)
     is distinct from
     (old.status, old.similar_atom_id, old.similarity_type, old.similarity_score, old.atom_id,
      old.topic_id, old.topic_proposal_id, old.proposed_title, old.proposed_content) then
    new.revision := old.revision + 1;
  end if;
  return new;
end $$;
CREATE TRIGGER changed BEFORE UPDATE ON knowledge.atom_proposals
  FOR EACH ROW EXECUTE FUNCTION knowledge.atom_proposal_changed();
