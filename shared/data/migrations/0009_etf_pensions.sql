CREATE TABLE "portfolio"."etf_pension_contributions" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "portfolio"."etf_pension_contributions_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"pension_id" uuid NOT NULL,
	"reference" text NOT NULL,
	"date" date NOT NULL,
	"amount" numeric NOT NULL,
	"currency" text NOT NULL,
	"bought_on" date,
	"price" numeric,
	"fx_rate" numeric,
	"units" numeric,
	CONSTRAINT "etf_pension_contributions_reference" UNIQUE("pension_id","reference"),
	CONSTRAINT "etf_pension_contributions_amount_positive" CHECK (amount > 0 and amount < 'Infinity'),
	CONSTRAINT "etf_pension_contributions_currency_form" CHECK (currency ~ '^[A-Z]{3}$'),
	CONSTRAINT "etf_pension_contributions_bought_whole" CHECK (num_nulls(bought_on, price, fx_rate, units) in (0, 4)),
	CONSTRAINT "etf_pension_contributions_bought_right" CHECK ((bought_on >= date and price > 0 and fx_rate > 0 and units >= 0 and units < 'Infinity') is not false)
);
--> statement-breakpoint
CREATE TABLE "portfolio"."etf_pension_values" (
	"pension_id" uuid NOT NULL,
	"date" date NOT NULL,
	"units" numeric,
	"price" numeric,
	"fx_rate" numeric,
	"value" numeric,
	"state" text NOT NULL,
	"reason" text,
	CONSTRAINT "etf_pension_values_day" PRIMARY KEY("pension_id","date"),
	CONSTRAINT "etf_pension_values_state" CHECK (state in ('final', 'pending')),
	CONSTRAINT "etf_pension_values_final_whole" CHECK (state <> 'final' or num_nulls(units, price, fx_rate, value) = 0),
	CONSTRAINT "etf_pension_values_pending_unknown" CHECK (state <> 'pending' or value is null),
	CONSTRAINT "etf_pension_values_pending_says_why" CHECK ((state = 'pending') = (reason is not null)),
	CONSTRAINT "etf_pension_values_reason" CHECK (reason in ('price', 'rate', 'contribution', 'adjusted', 'reopened')),
	CONSTRAINT "etf_pension_values_positive" CHECK ((units >= 0 and units < 'Infinity' and price > 0 and fx_rate > 0 and value >= 0 and value < 'Infinity') is not false)
);
--> statement-breakpoint
CREATE TABLE "portfolio"."etf_pensions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"etf_id" bigint NOT NULL,
	"name" text NOT NULL,
	"currency" text NOT NULL,
	"state" text DEFAULT 'pending' NOT NULL,
	"valued_to" date,
	"prices_seen" integer,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "etf_pensions_state" CHECK (state in ('pending', 'ready')),
	CONSTRAINT "etf_pensions_currency_form" CHECK (currency ~ '^[A-Z]{3}$'),
	CONSTRAINT "etf_pensions_name_given" CHECK (length(name) between 1 and 200)
);
--> statement-breakpoint
ALTER TABLE "portfolio"."etf_pension_contributions" ADD CONSTRAINT "etf_pension_contributions_pension_id_etf_pensions_id_fk" FOREIGN KEY ("pension_id") REFERENCES "portfolio"."etf_pensions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "portfolio"."etf_pension_values" ADD CONSTRAINT "etf_pension_values_pension_id_etf_pensions_id_fk" FOREIGN KEY ("pension_id") REFERENCES "portfolio"."etf_pensions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "portfolio"."etf_pensions" ADD CONSTRAINT "etf_pensions_etf_id_etfs_id_fk" FOREIGN KEY ("etf_id") REFERENCES "portfolio"."etfs"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "etf_pension_contributions_by_date" ON "portfolio"."etf_pension_contributions" USING btree ("pension_id","date");--> statement-breakpoint
CREATE INDEX "etf_pension_contributions_waiting" ON "portfolio"."etf_pension_contributions" USING btree ("pension_id","id") WHERE units is null;--> statement-breakpoint
CREATE INDEX "etf_pension_values_pending" ON "portfolio"."etf_pension_values" USING btree ("pension_id","date") WHERE state = 'pending';--> statement-breakpoint
CREATE INDEX "etf_pensions_of_etf" ON "portfolio"."etf_pensions" USING btree ("etf_id");