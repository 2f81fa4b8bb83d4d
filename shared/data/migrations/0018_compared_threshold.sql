ALTER TABLE "knowledge"."atom_proposals" ADD COLUMN "compared_threshold" double precision;
ALTER TABLE "knowledge"."entity_sets" ADD COLUMN "embedded_version" bigint DEFAULT 0 NOT NULL;
ALTER TABLE "knowledge"."entity_sets" ADD COLUMN "embedded_model" text;
ALTER TABLE "knowledge"."topic_proposals" ADD COLUMN "compared_threshold" double precision;