CREATE UNLOGGED TABLE "vectors"."index_changes" (
	"seq" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "vectors"."index_changes_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"index_id" bigint NOT NULL,
	"id" bigint NOT NULL
);

CREATE UNLOGGED TABLE "vectors"."indexes" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "vectors"."indexes_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"kind" text NOT NULL,
	"model" text NOT NULL,
	"dimensions" integer NOT NULL,
	"state" text DEFAULT 'filling' NOT NULL,
	"ef_search" integer,
	"recall" double precision,
	"sampled" integer,
	"measured_vectors" bigint,
	"measured_at" timestamp (3) with time zone,
	"changed_since" bigint DEFAULT 0 NOT NULL,
	"changed_at" timestamp (3) with time zone NOT NULL,
	"error" text,
	CONSTRAINT "indexes_set" UNIQUE("kind","model"),
	CONSTRAINT "indexes_state" CHECK (state in ('filling', 'ready', 'rejected', 'failed')),
	CONSTRAINT "indexes_ready" CHECK (state <> 'ready' or (ef_search is not null and recall is not null)),
	CONSTRAINT "indexes_error" CHECK ((state = 'failed') = (error is not null))
);

CREATE INDEX "index_changes_of_index" ON "vectors"."index_changes" USING btree ("index_id","seq");

-- Each statement that changes vectors notes them for the index of their set. A later statement of the indexing
-- transaction sees the change whose note it has seen, because both commit together.
CREATE FUNCTION vectors.note_changes() RETURNS trigger LANGUAGE plpgsql AS $$
begin
  insert into vectors.index_changes (index_id, id)
  select of_set.id, changed.id
    from changed
    join vectors.indexes of_set on of_set.kind = changed.kind and of_set.model = changed.model
   where of_set.state in ('filling', 'ready');
  return null;
end $$;

CREATE TRIGGER note_inserted AFTER INSERT ON vectors.items REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION vectors.note_changes();
CREATE TRIGGER note_updated AFTER UPDATE ON vectors.items REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION vectors.note_changes();
CREATE TRIGGER note_deleted AFTER DELETE ON vectors.items REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION vectors.note_changes();
