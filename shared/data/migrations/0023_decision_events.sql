CREATE TABLE "tax_liens"."decision_events" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "tax_liens"."decision_events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"decision_id" text NOT NULL,
	"analysis_run_id" uuid NOT NULL,
	"deal_id" bigint NOT NULL,
	"decision" text NOT NULL,
	"reason" text NOT NULL,
	"decided_by" text NOT NULL,
	"from_status" text,
	"refusal" text,
	"run_id" uuid NOT NULL,
	"place" integer NOT NULL,
	"requested_by" text,
	"at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "decision_events_once" UNIQUE("decision_id"),
	CONSTRAINT "decision_events_decision" CHECK (decision <> 'candidate' and decision in ('candidate', 'watchlist', 'approved', 'rejected', 'purchased', 'withdrawn', 'redeemed', 'foreclosed', 'written_off')),
	CONSTRAINT "decision_events_from" CHECK (from_status in ('candidate', 'watchlist', 'approved', 'rejected', 'purchased', 'withdrawn', 'redeemed', 'foreclosed', 'written_off')),
	CONSTRAINT "decision_events_decided_by" CHECK (decided_by in ('user', 'agent')),
	CONSTRAINT "decision_events_of_nothing_is_refused" CHECK (from_status is not null or refusal is not null),
	CONSTRAINT "decision_events_place" CHECK (place >= 0)
);
--> statement-breakpoint
ALTER TABLE "tax_liens"."decision_events" ADD CONSTRAINT "decision_events_analysis_run_id_analysis_runs_id_fk" FOREIGN KEY ("analysis_run_id") REFERENCES "tax_liens"."analysis_runs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "decision_events_of_deal" ON "tax_liens"."decision_events" USING btree ("deal_id","id");--> statement-breakpoint
CREATE INDEX "decision_events_of_analysis" ON "tax_liens"."decision_events" USING btree ("analysis_run_id","id");