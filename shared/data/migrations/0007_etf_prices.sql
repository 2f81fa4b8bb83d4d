CREATE TABLE "portfolio"."etf_prices" (
	"etf_id" bigint NOT NULL,
	"date" date NOT NULL,
	"open" numeric,
	"high" numeric,
	"low" numeric,
	"close" numeric NOT NULL,
	"adjusted_close" numeric,
	"volume" numeric,
	"source" text NOT NULL,
	"series" text NOT NULL,
	CONSTRAINT "etf_prices_point" PRIMARY KEY("etf_id","date"),
	CONSTRAINT "etf_prices_close_positive" CHECK (close > 0 and close < 'Infinity'),
	CONSTRAINT "etf_prices_adjusted_positive" CHECK (adjusted_close > 0 and adjusted_close < 'Infinity'),
	CONSTRAINT "etf_prices_range_positive" CHECK (open > 0 and open < 'Infinity' and high > 0 and high < 'Infinity' and low > 0 and low < 'Infinity'),
	CONSTRAINT "etf_prices_high_above_low" CHECK (high >= low),
	CONSTRAINT "etf_prices_volume" CHECK (volume >= 0 and volume < 'Infinity')
);
--> statement-breakpoint
CREATE TABLE "portfolio"."etf_updates" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "portfolio"."etf_updates_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"run_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"symbol" text,
	"start_date" date,
	"end_date" date,
	"state" text NOT NULL,
	"source" text,
	"inserted" integer DEFAULT 0 NOT NULL,
	"skipped" integer DEFAULT 0 NOT NULL,
	"changed" integer DEFAULT 0 NOT NULL,
	"error" text,
	"requested_at" timestamp (3) with time zone NOT NULL,
	"finished_at" timestamp (3) with time zone,
	CONSTRAINT "etf_updates_of_run" UNIQUE NULLS NOT DISTINCT("run_id","symbol"),
	CONSTRAINT "etf_updates_kind" CHECK (kind in ('fetch', 'sync', 'refresh')),
	CONSTRAINT "etf_updates_state" CHECK (state in ('pending', 'running', 'succeeded', 'failed', 'refused')),
	CONSTRAINT "etf_updates_failure_has_reason" CHECK (state not in ('failed', 'refused') or error is not null),
	CONSTRAINT "etf_updates_final" CHECK ((state in ('succeeded', 'failed', 'refused')) = (finished_at is not null))
);
--> statement-breakpoint
CREATE TABLE "portfolio"."etfs" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "portfolio"."etfs_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"symbol" text NOT NULL,
	"isin" text,
	"name" text,
	"exchange" text,
	"currency" text,
	"series" text,
	"state" text DEFAULT 'new' NOT NULL,
	"in_use" boolean DEFAULT false NOT NULL,
	"added_at" timestamp (3) with time zone NOT NULL,
	"synced_at" timestamp (3) with time zone,
	CONSTRAINT "etfs_symbol" UNIQUE("symbol"),
	CONSTRAINT "etfs_one_series" UNIQUE("id","series"),
	CONSTRAINT "etfs_symbol_form" CHECK (symbol = upper(symbol) and symbol ~ '^[A-Z0-9^][A-Z0-9.=^-]{0,31}$'),
	CONSTRAINT "etfs_currency_form" CHECK (currency ~ '^[A-Z]{3}$'),
	CONSTRAINT "etfs_series_kind" CHECK (series in ('raw', 'adjusted')),
	CONSTRAINT "etfs_state" CHECK (state in ('new', 'ready', 'failed')),
	CONSTRAINT "etfs_ready_has_prices" CHECK (state <> 'ready' or (currency is not null and series is not null))
);
--> statement-breakpoint
ALTER TABLE "portfolio"."etf_prices" ADD CONSTRAINT "etf_prices_of_one_series" FOREIGN KEY ("etf_id","series") REFERENCES "portfolio"."etfs"("id","series") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "etf_updates_by_time" ON "portfolio"."etf_updates" USING btree ("requested_at");--> statement-breakpoint
CREATE INDEX "etfs_in_use" ON "portfolio"."etfs" USING btree ("id") WHERE in_use;