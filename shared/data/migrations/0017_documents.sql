CREATE SCHEMA "reasoning";
--> statement-breakpoint
CREATE TABLE "reasoning"."ai_llm_calls" (
	"id" uuid PRIMARY KEY NOT NULL,
	"agent" text NOT NULL,
	"run_id" uuid NOT NULL,
	"model" text NOT NULL,
	"prompt_sha256" text NOT NULL,
	"prompt_tokens" integer,
	"completion_tokens" integer,
	"latency_ms" integer NOT NULL,
	"outcome" text NOT NULL,
	"error_class" text,
	"error" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "ai_llm_calls_outcome" CHECK (outcome in ('answered', 'unreadable', 'failed')),
	CONSTRAINT "ai_llm_calls_error" CHECK ((outcome = 'answered') = (error is null))
);
--> statement-breakpoint
CREATE TABLE "tax_liens"."documents" (
	"id" uuid PRIMARY KEY NOT NULL,
	"template" text NOT NULL,
	"lien_id" bigint,
	"facts" jsonb,
	"passages" jsonb,
	"state" text DEFAULT 'queued' NOT NULL,
	"reason" text,
	"title" text,
	"files" jsonb,
	"tier" text,
	"recipient" text NOT NULL,
	"requested_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"generated_at" timestamp (3) with time zone,
	"archived_at" timestamp (3) with time zone,
	CONSTRAINT "documents_state" CHECK (state in ('queued', 'ready', 'failed')),
	CONSTRAINT "documents_ready_is_whole" CHECK (state <> 'ready' or (files is not null and tier is not null and generated_at is not null)),
	CONSTRAINT "documents_tier" CHECK (tier in ('hot', 'cold')),
	CONSTRAINT "documents_archived" CHECK ((tier = 'cold') = (archived_at is not null) or tier is null)
);
--> statement-breakpoint
ALTER TABLE "tax_liens"."documents" ADD CONSTRAINT "documents_lien_id_liens_id_fk" FOREIGN KEY ("lien_id") REFERENCES "tax_liens"."liens"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "ai_llm_calls_by_time" ON "reasoning"."ai_llm_calls" USING btree ("created_at");--> statement-breakpoint
CREATE INDEX "ai_llm_calls_of_run" ON "reasoning"."ai_llm_calls" USING btree ("run_id");--> statement-breakpoint
CREATE INDEX "documents_to_archive" ON "tax_liens"."documents" USING btree ("generated_at") WHERE tier = 'hot';