import { sql } from "drizzle-orm";
import {
  bigint,
  check,
  date,
  index,
  integer,
  numeric,
  pgSchema,
  primaryKey,
  text,
  timestamp,
  uuid,
} from "drizzle-orm/pg-core";

export const portfolio = pgSchema("portfolio");

/**
 * One published rate: `1 EUR = rate quote` on a civil date, as the source printed it.
 * Retention: kept, as values of any day are computed from them.
 */
export const exchangeRates = portfolio.table(
  "exchange_rates",
  {
    date: date({ mode: "string" }).notNull(),
    quote: text().notNull(),
    base: text().notNull().default("EUR"),
    rate: numeric().notNull(),
    source: text().notNull(),
  },
  (rate) => [
    // Quote first: queries ask for one currency and the last date up to another.
    primaryKey({ name: "exchange_rates_point", columns: [rate.quote, rate.date, rate.source] }),
    // NaN and Infinity are greater than every number: "> 0" alone would accept them.
    check("exchange_rates_positive", sql`rate > 0 and rate < 'Infinity'`),
    check("exchange_rates_base_is_eur", sql`base = 'EUR' and quote <> 'EUR'`),
  ],
);

/**
 * One row per requested synchronisation; its state follows the state of the run.
 * Retention: `cleanup_fx_updates` deletes finished rows after the days of its input `keepDays`, 90.
 */
export const exchangeRateUpdates = portfolio.table(
  "exchange_rate_updates",
  {
    id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    /** Null when the request was refused before there was a run. */
    runId: uuid("run_id").unique(),
    kind: text().$type<"latest" | "historical">().notNull(),
    startDate: date("start_date", { mode: "string" }),
    endDate: date("end_date", { mode: "string" }),
    state: text().$type<UpdateState>().notNull(),
    source: text(),
    inserted: integer().notNull().default(0),
    skipped: integer().notNull().default(0),
    /** Points that are held back as implausible: see suspect-schema.ts. */
    suspect: integer().notNull().default(0),
    error: text(),
    requestedAt: timestamp("requested_at", { withTimezone: true, precision: 3 }).notNull(),
    finishedAt: timestamp("finished_at", { withTimezone: true, precision: 3 }),
  },
  (update) => [
    index("exchange_rate_updates_by_time").on(update.requestedAt, update.id),
    index("exchange_rate_updates_by_state").on(update.state, update.requestedAt, update.id),
    check("exchange_rate_updates_kind", sql`kind in ('latest', 'historical')`),
    check("exchange_rate_updates_state", sql`state in ('pending', 'running', 'succeeded', 'failed', 'refused')`),
    check("exchange_rate_updates_failure_has_reason", sql`state not in ('failed', 'refused') or error is not null`),
    check(
      "exchange_rate_updates_final",
      sql`(state in ('succeeded', 'failed', 'refused')) = (finished_at is not null)`,
    ),
  ],
);

export type UpdateState = "pending" | "running" | "succeeded" | "failed" | "refused";
export type ExchangeRateUpdate = typeof exchangeRateUpdates.$inferSelect;
