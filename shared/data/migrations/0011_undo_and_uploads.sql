CREATE TABLE "tax_liens"."earlier_liens" (
	"ingestion_id" bigint NOT NULL,
	"id" bigint NOT NULL,
	"certificate_number" text,
	"property_id" bigint NOT NULL,
	"face_amount" numeric NOT NULL,
	"prior_liens" numeric NOT NULL,
	"penalties" numeric NOT NULL,
	"premium" numeric NOT NULL,
	"fees" numeric NOT NULL,
	"interest_rate" numeric,
	"bid_rate" numeric,
	"status" text NOT NULL,
	"sale_date" date,
	"redemption_deadline" date,
	"content_hash" uuid NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	"last_listed_on" date,
	"not_listed_on" date,
	CONSTRAINT "earlier_liens_of_ingestion" PRIMARY KEY("ingestion_id","id")
);

CREATE TABLE "tax_liens"."earlier_properties" (
	"ingestion_id" bigint NOT NULL,
	"id" bigint NOT NULL,
	"address" text,
	"city" text,
	"zip" text,
	"legal_description" text,
	"owner" text,
	"property_type" text NOT NULL,
	"assessed_value" numeric,
	"bankruptcy" boolean NOT NULL,
	"environmental" boolean NOT NULL,
	"code_violations" boolean NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "earlier_properties_of_ingestion" PRIMARY KEY("ingestion_id","id")
);

CREATE TABLE "tax_liens"."uploaded_lists" (
	"county_id" text NOT NULL,
	"sha256" text NOT NULL,
	"blob" text NOT NULL,
	"bytes" bigint NOT NULL,
	"content_type" text NOT NULL,
	"uploaded_at" timestamp (3) with time zone NOT NULL,
	"uploaded_by" text NOT NULL,
	CONSTRAINT "uploaded_lists_content" PRIMARY KEY("county_id","sha256"),
	CONSTRAINT "uploaded_lists_sha256" CHECK (sha256 ~ '^[0-9a-f]{64}$'),
	CONSTRAINT "uploaded_lists_bytes" CHECK (bytes > 0)
);

ALTER TABLE "tax_liens"."lien_ingestions" DROP CONSTRAINT "lien_ingestions_state";
ALTER TABLE "tax_liens"."lien_ingestions" ADD COLUMN "before" jsonb;
ALTER TABLE "tax_liens"."lien_ingestions" ADD COLUMN "undone_at" timestamp (3) with time zone;
ALTER TABLE "tax_liens"."lien_ingestions" ADD COLUMN "undone_by" text;
ALTER TABLE "tax_liens"."lien_ingestions" ADD COLUMN "undo_reason" text;
ALTER TABLE "tax_liens"."uploaded_lists" ADD CONSTRAINT "uploaded_lists_county_id_counties_id_fk" FOREIGN KEY ("county_id") REFERENCES "tax_liens"."counties"("id") ON DELETE cascade ON UPDATE no action;
CREATE INDEX "uploaded_lists_by_time" ON "tax_liens"."uploaded_lists" USING btree ("county_id","uploaded_at");
CREATE INDEX "documents_of_lien" ON "tax_liens"."documents" USING btree ("lien_id") WHERE lien_id is not null;
CREATE INDEX "lien_ingestions_with_earlier_values" ON "tax_liens"."lien_ingestions" USING btree ("finished_at") WHERE before is not null;
ALTER TABLE "tax_liens"."lien_ingestions" ADD CONSTRAINT "lien_ingestions_undo_has_reason" CHECK ((state = 'undone') = (undone_at is not null) and num_nonnulls(undone_at, undone_by, undo_reason) in (0, 3));
ALTER TABLE "tax_liens"."lien_ingestions" ADD CONSTRAINT "lien_ingestions_state" CHECK (state in ('running', 'succeeded', 'failed', 'undone'));