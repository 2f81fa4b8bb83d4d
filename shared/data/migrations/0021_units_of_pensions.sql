ALTER TABLE "portfolio"."etf_pensions" ADD COLUMN "units" numeric;--> statement-breakpoint
ALTER TABLE "portfolio"."etf_pensions" ADD COLUMN "bought_to" date;--> statement-breakpoint
ALTER TABLE "portfolio"."etf_pensions" ADD COLUMN "bought_at" numeric;--> statement-breakpoint
ALTER TABLE "portfolio"."etf_pensions" ADD CONSTRAINT "etf_pensions_units_whole" CHECK (num_nulls(units, bought_to, bought_at) in (0, 3));--> statement-breakpoint
-- The sum of what contributions bought is forgotten in the statement that changes any of them, whoever sends it.
CREATE FUNCTION "portfolio"."forget_units"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE "portfolio"."etf_pensions" SET "units" = NULL, "bought_to" = NULL, "bought_at" = NULL
   WHERE "id" IN (SELECT "pension_id" FROM "changed") AND "units" IS NOT NULL;
  RETURN NULL;
END $$;--> statement-breakpoint
CREATE TRIGGER "forget_units_of_new" AFTER INSERT ON "portfolio"."etf_pension_contributions"
  REFERENCING NEW TABLE AS "changed" FOR EACH STATEMENT EXECUTE FUNCTION "portfolio"."forget_units"();--> statement-breakpoint
CREATE TRIGGER "forget_units_of_deleted" AFTER DELETE ON "portfolio"."etf_pension_contributions"
  REFERENCING OLD TABLE AS "changed" FOR EACH STATEMENT EXECUTE FUNCTION "portfolio"."forget_units"();--> statement-breakpoint
CREATE TRIGGER "forget_units_as_it_was" AFTER UPDATE ON "portfolio"."etf_pension_contributions"
  REFERENCING OLD TABLE AS "changed" FOR EACH STATEMENT EXECUTE FUNCTION "portfolio"."forget_units"();--> statement-breakpoint
-- Once more, for a contribution that was moved to another pension.
CREATE TRIGGER "forget_units_as_it_is" AFTER UPDATE ON "portfolio"."etf_pension_contributions"
  REFERENCING NEW TABLE AS "changed" FOR EACH STATEMENT EXECUTE FUNCTION "portfolio"."forget_units"();
