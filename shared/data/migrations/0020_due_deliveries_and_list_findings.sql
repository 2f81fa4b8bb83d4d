ALTER TABLE "platform"."notification_deliveries" ADD COLUMN "due_at" timestamp (3) with time zone;
ALTER TABLE "tax_liens"."lien_ingestions" ADD COLUMN "findings" jsonb;
ALTER TABLE "tax_liens"."lien_ingestions" ADD COLUMN "doubt" text;