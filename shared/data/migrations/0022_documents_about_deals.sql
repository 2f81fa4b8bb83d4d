ALTER TABLE "tax_liens"."documents" ADD COLUMN "deal_id" bigint;--> statement-breakpoint
ALTER TABLE "tax_liens"."documents" ADD COLUMN "analysis_run_id" uuid;--> statement-breakpoint
ALTER TABLE "tax_liens"."documents" ADD CONSTRAINT "documents_deal_id_deals_id_fk" FOREIGN KEY ("deal_id") REFERENCES "tax_liens"."deals"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tax_liens"."documents" ADD CONSTRAINT "documents_analysis_run_id_analysis_runs_id_fk" FOREIGN KEY ("analysis_run_id") REFERENCES "tax_liens"."analysis_runs"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tax_liens"."documents" ADD CONSTRAINT "documents_one_subject" CHECK (num_nonnulls(lien_id, deal_id, analysis_run_id) <= 1);