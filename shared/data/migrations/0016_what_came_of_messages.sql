ALTER TABLE "knowledge"."extraction_messages" ADD COLUMN "failure" text;
ALTER TABLE "knowledge"."extraction_runs" ADD COLUMN "error" text;
ALTER TABLE "knowledge"."messages" ADD COLUMN "extracted_at" timestamp (3) with time zone;
ALTER TABLE "knowledge"."extraction_runs" ADD CONSTRAINT "extraction_runs_error" CHECK ((state = 'failed') = (error is not null));