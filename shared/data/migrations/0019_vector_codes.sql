-- Vectors that have no codes are made again.
DELETE FROM "vectors"."items";

CREATE TABLE "vectors"."codes" (
	"kind" text NOT NULL,
	"model" text NOT NULL,
	"id" bigint NOT NULL,
	"code" "bytea" NOT NULL,
	CONSTRAINT "codes_item" PRIMARY KEY("kind","model","id"),
	CONSTRAINT "codes_groups" CHECK (octet_length(code) > 4 and octet_length(code) % 8 = 4)
);

ALTER TABLE "vectors"."codes" ADD CONSTRAINT "codes_of_item" FOREIGN KEY ("kind","model","id") REFERENCES "vectors"."items"("kind","model","id") ON DELETE cascade ON UPDATE no action;