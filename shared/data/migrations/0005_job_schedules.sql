CREATE TABLE "platform"."job_schedules" (
	"job_id" text PRIMARY KEY NOT NULL,
	"expression" text NOT NULL,
	"time_zone" text NOT NULL,
	"expected_after" timestamp (3) with time zone NOT NULL
);
