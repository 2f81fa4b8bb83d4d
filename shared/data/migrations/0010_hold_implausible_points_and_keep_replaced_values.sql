CREATE TABLE "portfolio"."etf_splits" (
	"etf_id" bigint NOT NULL,
	"date" date NOT NULL,
	"numerator" numeric NOT NULL,
	"denominator" numeric NOT NULL,
	"source" text NOT NULL,
	"found_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "etf_splits_day" PRIMARY KEY("etf_id","date"),
	CONSTRAINT "etf_splits_positive" CHECK (numerator > 0 and numerator < 'Infinity' and denominator > 0 and denominator < 'Infinity')
);

CREATE TABLE "portfolio"."etf_pension_value_changes" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "portfolio"."etf_pension_value_changes_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"pension_id" uuid NOT NULL,
	"date" date NOT NULL,
	"units" numeric NOT NULL,
	"price" numeric NOT NULL,
	"fx_rate" numeric NOT NULL,
	"value" numeric NOT NULL,
	"reason" text NOT NULL,
	"changed_at" timestamp (3) with time zone NOT NULL
);

CREATE TABLE "portfolio"."suspect_points" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "portfolio"."suspect_points_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"kind" text NOT NULL,
	"subject" text NOT NULL,
	"etf_id" bigint,
	"contribution_id" bigint,
	"date" date NOT NULL,
	"value" numeric NOT NULL,
	"expected" numeric,
	"point" jsonb,
	"series" text,
	"source" text NOT NULL,
	"rule" text NOT NULL,
	"reason" text NOT NULL,
	"state" text DEFAULT 'held' NOT NULL,
	"found_at" timestamp (3) with time zone NOT NULL,
	"run_id" uuid,
	"resolution" text,
	"resolved_by" text,
	"resolved_at" timestamp (3) with time zone,
	CONSTRAINT "suspect_points_kind" CHECK (kind in ('price', 'rate', 'contribution')),
	CONSTRAINT "suspect_points_state" CHECK (state in ('held', 'accepted', 'rejected')),
	CONSTRAINT "suspect_points_price_complete" CHECK (kind <> 'price' or num_nulls(etf_id, point, series) = 0),
	CONSTRAINT "suspect_points_resolved" CHECK ((state = 'held') = (resolved_at is null) and num_nulls(resolution, resolved_by, resolved_at) in (0, 3))
);

ALTER TABLE "portfolio"."etf_pension_values" DROP CONSTRAINT "etf_pension_values_reason";
ALTER TABLE "portfolio"."etf_updates" ADD COLUMN "suspect" integer DEFAULT 0 NOT NULL;
ALTER TABLE "portfolio"."etf_pension_contributions" ADD COLUMN "is_held" boolean DEFAULT false NOT NULL;
ALTER TABLE "portfolio"."exchange_rate_updates" ADD COLUMN "suspect" integer DEFAULT 0 NOT NULL;
ALTER TABLE "portfolio"."etf_splits" ADD CONSTRAINT "etf_splits_etf_id_etfs_id_fk" FOREIGN KEY ("etf_id") REFERENCES "portfolio"."etfs"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "portfolio"."etf_pension_value_changes" ADD CONSTRAINT "etf_pension_value_changes_pension_id_etf_pensions_id_fk" FOREIGN KEY ("pension_id") REFERENCES "portfolio"."etf_pensions"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "portfolio"."suspect_points" ADD CONSTRAINT "suspect_points_etf_id_etfs_id_fk" FOREIGN KEY ("etf_id") REFERENCES "portfolio"."etfs"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "portfolio"."suspect_points" ADD CONSTRAINT "suspect_points_contribution_id_etf_pension_contributions_id_fk" FOREIGN KEY ("contribution_id") REFERENCES "portfolio"."etf_pension_contributions"("id") ON DELETE set null ON UPDATE no action;
CREATE INDEX "etf_pension_value_changes_of_day" ON "portfolio"."etf_pension_value_changes" USING btree ("pension_id","date","id");
CREATE UNIQUE INDEX "suspect_points_held" ON "portfolio"."suspect_points" USING btree ("kind","subject","date","source") WHERE state = 'held';
CREATE INDEX "suspect_points_by_state" ON "portfolio"."suspect_points" USING btree ("state","id");
CREATE INDEX "suspect_points_of_etf" ON "portfolio"."suspect_points" USING btree ("etf_id","date");
CREATE INDEX "suspect_points_of_subject" ON "portfolio"."suspect_points" USING btree ("kind","subject","date");
CREATE INDEX "suspect_points_of_contribution" ON "portfolio"."suspect_points" USING btree ("contribution_id");
-- Not valid: every stored row met the narrower check, and a scan would lock the table.
ALTER TABLE "portfolio"."etf_pension_values" ADD CONSTRAINT "etf_pension_values_reason" CHECK (reason in ('price', 'suspect', 'rate', 'contribution', 'adjusted', 'reopened')) NOT VALID;