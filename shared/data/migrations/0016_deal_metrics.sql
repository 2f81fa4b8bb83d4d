CREATE TABLE "tax_liens"."deal_metrics" (
	"lien_id" bigint PRIMARY KEY NOT NULL,
	"as_of" date NOT NULL,
	"version" integer NOT NULL,
	"cost" numeric NOT NULL,
	"ltv" numeric,
	"implausible_value" boolean NOT NULL,
	"expected_yield" numeric,
	"irr" numeric,
	"risk_score" numeric,
	"deal_score" numeric,
	"explanation" text,
	"computed_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "deal_metrics_scores" CHECK ((risk_score between 0 and 100) is not false and (deal_score between 0 and 100) is not false),
	CONSTRAINT "deal_metrics_gap_has_explanation" CHECK (explanation is not null or (ltv is not null and expected_yield is not null and risk_score is not null and deal_score is not null))
);
--> statement-breakpoint
CREATE TABLE "tax_liens"."subsequent_taxes" (
	"lien_id" bigint NOT NULL,
	"day" date NOT NULL,
	"amount" numeric NOT NULL,
	CONSTRAINT "subsequent_taxes_day" PRIMARY KEY("lien_id","day"),
	CONSTRAINT "subsequent_taxes_amount" CHECK (amount > 0 and amount < 'Infinity')
);
--> statement-breakpoint
ALTER TABLE "tax_liens"."deal_metrics" ADD CONSTRAINT "deal_metrics_lien_id_liens_id_fk" FOREIGN KEY ("lien_id") REFERENCES "tax_liens"."liens"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tax_liens"."subsequent_taxes" ADD CONSTRAINT "subsequent_taxes_lien_id_liens_id_fk" FOREIGN KEY ("lien_id") REFERENCES "tax_liens"."liens"("id") ON DELETE cascade ON UPDATE no action;