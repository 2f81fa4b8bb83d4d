CREATE SCHEMA "vectors";

CREATE TABLE "vectors"."cached_embeddings" (
	"model" text NOT NULL,
	"content_hash" "bytea" NOT NULL,
	"vector" "bytea" NOT NULL,
	"used_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "cached_embeddings_text" PRIMARY KEY("model","content_hash"),
	CONSTRAINT "cached_embeddings_hash" CHECK (octet_length(content_hash) = 32),
	CONSTRAINT "cached_embeddings_vector" CHECK (octet_length(vector) > 0 and octet_length(vector) % 4 = 0)
);

CREATE TABLE "vectors"."items" (
	"kind" text NOT NULL,
	"model" text NOT NULL,
	"id" bigint NOT NULL,
	"content_hash" "bytea" NOT NULL,
	"vector" "bytea" NOT NULL,
	CONSTRAINT "items_entity" PRIMARY KEY("kind","model","id"),
	CONSTRAINT "items_hash" CHECK (octet_length(content_hash) = 32),
	CONSTRAINT "items_vector" CHECK (octet_length(vector) > 0 and octet_length(vector) % 4 = 0)
);

CREATE INDEX "cached_embeddings_by_use" ON "vectors"."cached_embeddings" USING btree ("used_at");