CREATE TABLE "reasoning"."ai_agent_episodes" (
	"id" uuid PRIMARY KEY NOT NULL,
	"agent" text NOT NULL,
	"goal" text NOT NULL,
	"request" jsonb NOT NULL,
	"requested_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "reasoning"."ai_agent_steps" (
	"episode_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"name" text NOT NULL,
	"outcome" text NOT NULL,
	"said" text NOT NULL,
	"facts" jsonb NOT NULL,
	"started_at" timestamp (3) with time zone NOT NULL,
	"finished_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "ai_agent_steps_of_episode" PRIMARY KEY("episode_id","number"),
	CONSTRAINT "ai_agent_steps_number" CHECK (number >= 1),
	CONSTRAINT "ai_agent_steps_outcome" CHECK (outcome in ('done', 'failed'))
);
--> statement-breakpoint
CREATE TABLE "tax_liens"."analysis_candidates" (
	"analysis_run_id" uuid NOT NULL,
	"lien_id" bigint NOT NULL,
	"county_id" text NOT NULL,
	"cost" numeric NOT NULL,
	"deal_score" numeric NOT NULL,
	"metrics" jsonb NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tax_liens"."analysis_runs" (
	"id" uuid PRIMARY KEY NOT NULL,
	"definition" jsonb NOT NULL,
	"as_of" date NOT NULL,
	"state" text DEFAULT 'queued' NOT NULL,
	"steps" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"available" jsonb,
	"place" jsonb,
	"summary" jsonb,
	"error" text,
	"run_id" uuid NOT NULL,
	"episode_id" uuid,
	"recipient" text NOT NULL,
	"requested_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"started_at" timestamp (3) with time zone,
	"finished_at" timestamp (3) with time zone,
	CONSTRAINT "analysis_runs_state" CHECK (state in ('queued', 'running', 'succeeded', 'failed')),
	CONSTRAINT "analysis_runs_final" CHECK ((state in ('succeeded', 'failed')) = (finished_at is not null)),
	CONSTRAINT "analysis_runs_success_has_summary" CHECK ((state = 'succeeded') = (summary is not null)),
	CONSTRAINT "analysis_runs_failure_has_reason" CHECK ((state = 'failed') = (error is not null))
);
--> statement-breakpoint
CREATE TABLE "tax_liens"."deals" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "tax_liens"."deals_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"analysis_run_id" uuid NOT NULL,
	"lien_id" bigint NOT NULL,
	"rank" integer NOT NULL,
	"score" numeric NOT NULL,
	"cost" numeric NOT NULL,
	"metrics" jsonb NOT NULL,
	"status" text DEFAULT 'candidate' NOT NULL,
	"status_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "deals_once_per_run" UNIQUE("analysis_run_id","lien_id"),
	CONSTRAINT "deals_ranked" UNIQUE("analysis_run_id","rank"),
	CONSTRAINT "deals_status" CHECK (status in ('candidate', 'watchlist', 'approved', 'rejected', 'purchased', 'withdrawn', 'redeemed', 'foreclosed', 'written_off')),
	CONSTRAINT "deals_rank" CHECK (rank >= 1),
	CONSTRAINT "deals_score" CHECK (score between 0 and 100),
	CONSTRAINT "deals_cost" CHECK (cost > 0 and cost < 'Infinity')
);
--> statement-breakpoint
ALTER TABLE "reasoning"."ai_agent_steps" ADD CONSTRAINT "ai_agent_steps_episode_id_ai_agent_episodes_id_fk" FOREIGN KEY ("episode_id") REFERENCES "reasoning"."ai_agent_episodes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tax_liens"."analysis_runs" ADD CONSTRAINT "analysis_runs_episode_id_ai_agent_episodes_id_fk" FOREIGN KEY ("episode_id") REFERENCES "reasoning"."ai_agent_episodes"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tax_liens"."deals" ADD CONSTRAINT "deals_analysis_run_id_analysis_runs_id_fk" FOREIGN KEY ("analysis_run_id") REFERENCES "tax_liens"."analysis_runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tax_liens"."deals" ADD CONSTRAINT "deals_lien_id_liens_id_fk" FOREIGN KEY ("lien_id") REFERENCES "tax_liens"."liens"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "ai_agent_episodes_by_time" ON "reasoning"."ai_agent_episodes" USING btree ("created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "analysis_candidates_ranked" ON "tax_liens"."analysis_candidates" USING btree ("analysis_run_id","deal_score" DESC NULLS FIRST,"lien_id");--> statement-breakpoint
CREATE INDEX "analysis_runs_of_episode" ON "tax_liens"."analysis_runs" USING btree ("episode_id");--> statement-breakpoint
CREATE INDEX "deals_of_lien" ON "tax_liens"."deals" USING btree ("lien_id");