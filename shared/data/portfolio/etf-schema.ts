import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  date,
  foreignKey,
  index,
  integer,
  numeric,
  primaryKey,
  text,
  timestamp,
  unique,
  uuid,
} from "drizzle-orm/pg-core";
import { portfolio, type UpdateState } from "./portfolio-schema.ts";

/** `raw`: prices as traded, adjusted for splits only. `adjusted`: adjusted for dividends as well. */
export type SeriesKind = "raw" | "adjusted";
/** `new` until the first prices are stored, `failed` when the first fetch failed. */
export type EtfState = "new" | "ready" | "failed";

/** The ETFs whose prices the app knows. Retention: kept, as prices and pensions refer to them. */
export const etfs = portfolio.table(
  "etfs",
  {
    id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    /** As Yahoo writes it: `VWCE.DE`, `CSPX.L`, `SPY`. */
    symbol: text().notNull().unique("etfs_symbol"),
    isin: text(),
    name: text(),
    exchange: text(),
    /** Of the prices; pounds where the exchange quotes pence. Null without prices. */
    currency: text(),
    /** The kind of the stored prices; null without prices. */
    series: text().$type<SeriesKind>(),
    state: text().$type<EtfState>().notNull().default("new"),
    /** Whether the daily synchronisation updates its prices. */
    inUse: boolean("in_use").notNull().default(false),
    addedAt: timestamp("added_at", { withTimezone: true, precision: 3 }).notNull(),
    /** The `asOf` of the last successful fetch or synchronisation. */
    syncedAt: timestamp("synced_at", { withTimezone: true, precision: 3 }),
    /** Weekdays between its first and its newest price for which the source has none, oldest first: no gaps. */
    closedDays: date("closed_days", { mode: "string" })
      .array()
      .notNull()
      .default(sql`'{}'`),
  },
  (etf) => [
    // Target of the foreign key of prices, which prevents mixing raw and adjusted ones.
    unique("etfs_one_series").on(etf.id, etf.series),
    index("etfs_in_use")
      .on(etf.id)
      .where(sql`in_use`),
    check("etfs_symbol_form", sql`symbol = upper(symbol) and symbol ~ '^[A-Z0-9^][A-Z0-9.=^-]{0,31}$'`),
    check("etfs_currency_form", sql`currency ~ '^[A-Z]{3}$'`),
    check("etfs_series_kind", sql`series in ('raw', 'adjusted')`),
    check("etfs_state", sql`state in ('new', 'ready', 'failed')`),
    check("etfs_ready_has_prices", sql`state <> 'ready' or (currency is not null and series is not null)`),
  ],
);

/**
 * One trading day of one ETF, in its currency. The key also serves "the close on or before (or after) a date".
 * Retention: kept, as values of any day are computed from them.
 */
export const etfPrices = portfolio.table(
  "etf_prices",
  {
    etfId: bigint("etf_id", { mode: "number" }).notNull(),
    date: date({ mode: "string" }).notNull(),
    open: numeric(),
    high: numeric(),
    low: numeric(),
    close: numeric().notNull(),
    /** Adjusted for splits and dividends, if the source has it. */
    adjustedClose: numeric("adjusted_close"),
    volume: numeric(),
    source: text().notNull(),
    series: text().$type<SeriesKind>().notNull(),
  },
  (price) => [
    primaryKey({ name: "etf_prices_point", columns: [price.etfId, price.date] }),
    // Both columns: the database refuses a price of another kind than the series of its ETF.
    foreignKey({
      name: "etf_prices_of_one_series",
      columns: [price.etfId, price.series],
      foreignColumns: [etfs.id, etfs.series],
    }).onDelete("cascade"),
    // NaN and Infinity are greater than every number: "> 0" alone would accept them.
    check("etf_prices_close_positive", sql`close > 0 and close < 'Infinity'`),
    check("etf_prices_adjusted_positive", sql`adjusted_close > 0 and adjusted_close < 'Infinity'`),
    check(
      "etf_prices_range_positive",
      sql`open > 0 and open < 'Infinity' and high > 0 and high < 'Infinity' and low > 0 and low < 'Infinity'`,
    ),
    check("etf_prices_high_above_low", sql`high >= low`),
    check("etf_prices_volume", sql`volume >= 0 and volume < 'Infinity'`),
  ],
);

/**
 * The splits that sources state: on `date` each `denominator` shares became `numerator`.
 * Retention: kept, as they explain why prices and units changed.
 */
export const etfSplits = portfolio.table(
  "etf_splits",
  {
    etfId: bigint("etf_id", { mode: "number" })
      .notNull()
      .references(() => etfs.id, { onDelete: "cascade" }),
    /** The first trading day at the new scale. */
    date: date({ mode: "string" }).notNull(),
    numerator: numeric().notNull(),
    denominator: numeric().notNull(),
    source: text().notNull(),
    foundAt: timestamp("found_at", { withTimezone: true, precision: 3 }).notNull(),
  },
  (split) => [
    primaryKey({ name: "etf_splits_day", columns: [split.etfId, split.date] }),
    check(
      "etf_splits_positive",
      sql`numerator > 0 and numerator < 'Infinity' and denominator > 0 and denominator < 'Infinity'`,
    ),
  ],
);

/**
 * One row per requested fetch or synchronisation. A synchronisation has a row without symbol, and one row with symbol
 * for each ETF that failed in it.
 * Retention: `cleanup_etf_updates` deletes finished rows after the days of its input `keepDays`, 90.
 */
export const etfUpdates = portfolio.table(
  "etf_updates",
  {
    id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    runId: uuid("run_id").notNull(),
    kind: text().$type<"fetch" | "sync" | "refresh">().notNull(),
    symbol: text(),
    /** The first stored day; null without points. */
    startDate: date("start_date", { mode: "string" }),
    endDate: date("end_date", { mode: "string" }),
    state: text().$type<UpdateState>().notNull(),
    source: text(),
    inserted: integer().notNull().default(0),
    skipped: integer().notNull().default(0),
    /** Stored points whose values were corrected. */
    changed: integer().notNull().default(0),
    /** Points that are held back as implausible: see suspect-schema.ts. */
    suspect: integer().notNull().default(0),
    error: text(),
    requestedAt: timestamp("requested_at", { withTimezone: true, precision: 3 }).notNull(),
    finishedAt: timestamp("finished_at", { withTimezone: true, precision: 3 }),
  },
  (update) => [
    unique("etf_updates_of_run").on(update.runId, update.symbol).nullsNotDistinct(),
    index("etf_updates_by_time").on(update.requestedAt, update.id),
    index("etf_updates_by_state").on(update.state, update.requestedAt, update.id),
    check("etf_updates_kind", sql`kind in ('fetch', 'sync', 'refresh')`),
    check("etf_updates_state", sql`state in ('pending', 'running', 'succeeded', 'failed', 'refused')`),
    check("etf_updates_failure_has_reason", sql`state not in ('failed', 'refused') or error is not null`),
    check("etf_updates_final", sql`(state in ('succeeded', 'failed', 'refused')) = (finished_at is not null)`),
  ],
);

export type Etf = typeof etfs.$inferSelect;
export type EtfPrice = typeof etfPrices.$inferSelect;
export type EtfUpdate = typeof etfUpdates.$inferSelect;
