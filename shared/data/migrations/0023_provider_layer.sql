CREATE TABLE "platform"."api_calls" (
	"provider" text NOT NULL,
	"minute" timestamp (3) with time zone NOT NULL,
	"calls" bigint DEFAULT 0 NOT NULL,
	"errors" bigint DEFAULT 0 NOT NULL,
	"limited" bigint DEFAULT 0 NOT NULL,
	"refused" bigint DEFAULT 0 NOT NULL,
	"duration_ms" bigint DEFAULT 0 NOT NULL,
	"microcents" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "api_calls_minute_provider_pk" PRIMARY KEY("minute","provider")
);

CREATE TABLE "platform"."provider_states" (
	"provider" text PRIMARY KEY NOT NULL,
	"state" text DEFAULT 'closed' NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"failing_since" timestamp (3) with time zone,
	"opened_at" timestamp (3) with time zone,
	"opened_by" text,
	"reason" text,
	"failed_probes" integer DEFAULT 0 NOT NULL,
	"next_probe_at" timestamp (3) with time zone,
	"probe_holder" text,
	"probe_expires_at" timestamp (3) with time zone,
	"recovering_since" timestamp (3) with time zone,
	"ramp_next_at" timestamp (3) with time zone,
	"limited_until" timestamp (3) with time zone,
	"refused_until" timestamp (3) with time zone,
	CONSTRAINT "provider_states_state" CHECK (state in ('closed', 'open', 'half_open')),
	CONSTRAINT "provider_states_opened" CHECK ((state = 'closed') = (opened_at is null)),
	CONSTRAINT "provider_states_recovering" CHECK ((state = 'half_open') = (recovering_since is not null)),
	CONSTRAINT "provider_states_probe" CHECK ((probe_holder is null) = (probe_expires_at is null))
);

CREATE TABLE "platform"."rate_limit_buckets" (
	"provider" text NOT NULL,
	"name" text NOT NULL,
	"kind" text NOT NULL,
	"max_calls" bigint NOT NULL,
	"period_ms" bigint,
	"resets" text,
	"zone" text DEFAULT 'UTC' NOT NULL,
	"window_start" timestamp (3) with time zone NOT NULL,
	"used" bigint DEFAULT 0 NOT NULL,
	"used_before" bigint DEFAULT 0 NOT NULL,
	"recent" timestamp (3) with time zone[] DEFAULT '{}' NOT NULL,
	CONSTRAINT "rate_limit_buckets_provider_name_pk" PRIMARY KEY("provider","name"),
	CONSTRAINT "rate_limit_buckets_limit" CHECK (max_calls > 0 and period_ms > 0 and used >= 0),
	CONSTRAINT "rate_limit_buckets_kind" CHECK (kind in ('rate', 'quota')),
	CONSTRAINT "rate_limit_buckets_period" CHECK ((kind = 'rate') = (period_ms is not null) and (kind = 'quota') = (resets is not null)),
	CONSTRAINT "rate_limit_buckets_resets" CHECK (resets in ('day', 'month'))
);
