CREATE SCHEMA "tax_liens";
--> statement-breakpoint
CREATE SCHEMA "tax_liens_staging";
--> statement-breakpoint
CREATE TABLE "tax_liens"."counties" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"state" text NOT NULL,
	"active" boolean DEFAULT true NOT NULL,
	"time_zone" text NOT NULL,
	"source" jsonb NOT NULL,
	"rule_set" text NOT NULL,
	"rules" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"last_rows" integer,
	"last_ingested_at" timestamp (3) with time zone,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "counties_id_form" CHECK (id ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(id) <= 64),
	CONSTRAINT "counties_state_form" CHECK (state ~ '^[A-Z]{2}$'),
	CONSTRAINT "counties_last_rows" CHECK (last_rows >= 0)
);
--> statement-breakpoint
CREATE TABLE "tax_liens"."liens" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "tax_liens"."liens_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"county_id" text NOT NULL,
	"tax_year" integer NOT NULL,
	"certificate_number" text,
	"identity" text NOT NULL,
	"property_id" bigint NOT NULL,
	"face_amount" numeric NOT NULL,
	"prior_liens" numeric DEFAULT '0' NOT NULL,
	"penalties" numeric DEFAULT '0' NOT NULL,
	"premium" numeric DEFAULT '0' NOT NULL,
	"fees" numeric DEFAULT '0' NOT NULL,
	"interest_rate" numeric,
	"bid_rate" numeric,
	"status" text DEFAULT 'available' NOT NULL,
	"sale_date" date,
	"redemption_deadline" date,
	"content_hash" uuid NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"last_listed_on" date,
	"not_listed_on" date,
	CONSTRAINT "liens_identity" UNIQUE("county_id","tax_year","identity"),
	CONSTRAINT "liens_tax_year" CHECK (tax_year between 1900 and 2200),
	CONSTRAINT "liens_identity_is_certificate" CHECK (certificate_number is null or identity = certificate_number),
	CONSTRAINT "liens_face_amount" CHECK (face_amount > 0 and face_amount < 'Infinity'),
	CONSTRAINT "liens_money" CHECK (prior_liens >= 0 and prior_liens < 'Infinity' and penalties >= 0 and penalties < 'Infinity'
        and premium >= 0 and premium < 'Infinity' and fees >= 0 and fees < 'Infinity'),
	CONSTRAINT "liens_rates" CHECK ((interest_rate >= 0 and interest_rate <= 100) is not false and (bid_rate >= 0 and bid_rate <= 100) is not false),
	CONSTRAINT "liens_status" CHECK (status in ('available', 'sold', 'redeemed', 'foreclosed', 'withdrawn', 'not_listed')),
	CONSTRAINT "liens_not_listed_has_date" CHECK ((status = 'not_listed') = (not_listed_on is not null))
);
--> statement-breakpoint
CREATE TABLE "tax_liens"."properties" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "tax_liens"."properties_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"county_id" text NOT NULL,
	"parcel_id" text NOT NULL,
	"address" text,
	"city" text,
	"zip" text,
	"legal_description" text,
	"owner" text,
	"property_type" text DEFAULT 'unknown' NOT NULL,
	"assessed_value" numeric,
	"bankruptcy" boolean DEFAULT false NOT NULL,
	"environmental" boolean DEFAULT false NOT NULL,
	"code_violations" boolean DEFAULT false NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "properties_parcel" UNIQUE("county_id","parcel_id"),
	CONSTRAINT "properties_type" CHECK (property_type in ('residential', 'commercial', 'industrial', 'vacant_land', 'unknown')),
	CONSTRAINT "properties_assessed_value" CHECK (assessed_value >= 0 and assessed_value < 'Infinity')
);
--> statement-breakpoint
CREATE TABLE "tax_liens"."lien_ingestions" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "tax_liens"."lien_ingestions_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"run_id" uuid NOT NULL,
	"county_id" text NOT NULL,
	"state" text NOT NULL,
	"retrieved" integer DEFAULT 0 NOT NULL,
	"created" integer DEFAULT 0 NOT NULL,
	"updated" integer DEFAULT 0 NOT NULL,
	"unchanged" integer DEFAULT 0 NOT NULL,
	"failed" integer DEFAULT 0 NOT NULL,
	"not_listed" integer DEFAULT 0 NOT NULL,
	"reject_blob" text,
	"error" text,
	"started_at" timestamp (3) with time zone NOT NULL,
	"finished_at" timestamp (3) with time zone,
	CONSTRAINT "lien_ingestions_of_run" UNIQUE("run_id"),
	CONSTRAINT "lien_ingestions_state" CHECK (state in ('running', 'succeeded', 'failed')),
	CONSTRAINT "lien_ingestions_failure_has_reason" CHECK (state <> 'failed' or error is not null),
	CONSTRAINT "lien_ingestions_final" CHECK ((state = 'running') = (finished_at is null)),
	CONSTRAINT "lien_ingestions_adds_up" CHECK (state <> 'succeeded' or retrieved = created + updated + unchanged + failed)
);
--> statement-breakpoint
CREATE TABLE "tax_liens"."lien_rejects" (
	"ingestion_id" bigint NOT NULL,
	"line" bigint NOT NULL,
	"reasons" jsonb NOT NULL,
	"raw" text NOT NULL,
	CONSTRAINT "lien_rejects_line" PRIMARY KEY("ingestion_id","line")
);
--> statement-breakpoint
CREATE TABLE "tax_liens"."property_valuations" (
	"property_id" bigint NOT NULL,
	"provider" text NOT NULL,
	"day" date NOT NULL,
	"value" numeric,
	"state" text NOT NULL,
	"previous_value" numeric,
	"reason" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "property_valuations_day" PRIMARY KEY("property_id","day","provider"),
	CONSTRAINT "property_valuations_state" CHECK (state in ('valued', 'missing', 'anomaly')),
	CONSTRAINT "property_valuations_missing" CHECK ((state = 'missing') = (value is null)),
	CONSTRAINT "property_valuations_reason" CHECK (state = 'valued' or reason is not null),
	CONSTRAINT "property_valuations_anomaly" CHECK (state <> 'anomaly' or previous_value is not null),
	CONSTRAINT "property_valuations_value" CHECK (value >= 0 and value < 'Infinity')
);
--> statement-breakpoint
ALTER TABLE "tax_liens"."liens" ADD CONSTRAINT "liens_county_id_counties_id_fk" FOREIGN KEY ("county_id") REFERENCES "tax_liens"."counties"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tax_liens"."liens" ADD CONSTRAINT "liens_property_id_properties_id_fk" FOREIGN KEY ("property_id") REFERENCES "tax_liens"."properties"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tax_liens"."properties" ADD CONSTRAINT "properties_county_id_counties_id_fk" FOREIGN KEY ("county_id") REFERENCES "tax_liens"."counties"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tax_liens"."lien_ingestions" ADD CONSTRAINT "lien_ingestions_county_id_counties_id_fk" FOREIGN KEY ("county_id") REFERENCES "tax_liens"."counties"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tax_liens"."lien_rejects" ADD CONSTRAINT "lien_rejects_ingestion_id_lien_ingestions_id_fk" FOREIGN KEY ("ingestion_id") REFERENCES "tax_liens"."lien_ingestions"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tax_liens"."property_valuations" ADD CONSTRAINT "property_valuations_property_id_properties_id_fk" FOREIGN KEY ("property_id") REFERENCES "tax_liens"."properties"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "liens_of_property" ON "tax_liens"."liens" USING btree ("property_id");--> statement-breakpoint
CREATE INDEX "liens_by_status" ON "tax_liens"."liens" USING btree ("county_id","status","id");--> statement-breakpoint
CREATE INDEX "lien_ingestions_of_county" ON "tax_liens"."lien_ingestions" USING btree ("county_id","id");