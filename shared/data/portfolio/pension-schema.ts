import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  date,
  index,
  integer,
  numeric,
  primaryKey,
  text,
  timestamp,
  unique,
  uuid,
} from "drizzle-orm/pg-core";
import { etfs } from "./etf-schema.ts";
import { portfolio } from "./portfolio-schema.ts";

/** `pending` until the first valuation with prices. */
export type PensionState = "pending" | "ready";

/** Why a day has no value yet: see shared/rules/portfolio/valuation-days.ts. */
export type PendingReason = "price" | "suspect" | "rate" | "contribution" | "adjusted" | "reopened";

/**
 * Units of one ETF, bought by contributions and valued in the currency of the pension.
 * Retention: kept, as the user's own record.
 */
export const etfPensions = portfolio.table(
  "etf_pensions",
  {
    /** UUIDv7: the cursor of pages and of valuation batches. */
    id: uuid().primaryKey(),
    etfId: bigint("etf_id", { mode: "number" })
      .notNull()
      .references(() => etfs.id),
    name: text().notNull(),
    currency: text().notNull(),
    state: text().$type<PensionState>().notNull().default("pending"),
    /** The last valued day, and the number of prices of the ETF at that time: a difference shows new prices. */
    valuedTo: date("valued_to", { mode: "string" }),
    pricesSeen: integer("prices_seen"),
    /**
     * The sum of the units of all contributions, and date and price of the last purchase. Null while a contribution has
     * no units; a trigger clears them when a contribution changes.
     */
    units: numeric(),
    lastPurchaseDate: date("last_purchase_date", { mode: "string" }),
    lastPurchasePrice: numeric("last_purchase_price"),
    createdAt: timestamp("created_at", { withTimezone: true, precision: 3 }).notNull(),
  },
  (pension) => [
    index("etf_pensions_of_etf").on(pension.etfId),
    check("etf_pensions_state", sql`state in ('pending', 'ready')`),
    check("etf_pensions_currency_form", sql`currency ~ '^[A-Z]{3}$'`),
    check("etf_pensions_name", sql`length(name) between 1 and 200`),
    check("etf_pensions_units_complete", sql`num_nulls(units, last_purchase_date, last_purchase_price) in (0, 3)`),
  ],
);

/**
 * A payment, and the units that it bought once price and rate were known. Changes of a purchase are audited.
 * Retention: kept, as the user's own record.
 */
export const etfPensionContributions = portfolio.table(
  "etf_pension_contributions",
  {
    id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    pensionId: uuid("pension_id")
      .notNull()
      .references(() => etfPensions.id, { onDelete: "cascade" }),
    /** The id from the sender, so that a repeated request adds no second payment. */
    reference: text().notNull(),
    date: date({ mode: "string" }).notNull(),
    amount: numeric().notNull(),
    currency: text().notNull(),
    /** The trading day of the purchase. */
    boughtOn: date("bought_on", { mode: "string" }),
    price: numeric(),
    /** 1 unit of its currency in the currency of the ETF, on `date`. */
    fxRate: numeric("fx_rate"),
    units: numeric(),
    /** The amount is implausible: it buys nothing until a person decides (suspect-schema.ts). */
    isHeld: boolean("is_held").notNull().default(false),
  },
  (contribution) => [
    unique("etf_pension_contributions_reference").on(contribution.pensionId, contribution.reference),
    index("etf_pension_contributions_by_date").on(contribution.pensionId, contribution.date),
    index("etf_pension_contributions_without_units")
      .on(contribution.pensionId, contribution.id)
      .where(sql`units is null`),
    // NaN and Infinity are greater than every number: "> 0" alone would accept them.
    check("etf_pension_contributions_amount_positive", sql`amount > 0 and amount < 'Infinity'`),
    check("etf_pension_contributions_currency_form", sql`currency ~ '^[A-Z]{3}$'`),
    check("etf_pension_contributions_purchase_complete", sql`num_nulls(bought_on, price, fx_rate, units) in (0, 4)`),
    check(
      "etf_pension_contributions_purchase_valid",
      sql`(bought_on >= date and price > 0 and fx_rate > 0 and units >= 0 and units < 'Infinity') is not false`,
    ),
  ],
);

/**
 * The value of a pension on one day: `final`, or `pending` with the reason why it is unknown.
 * Retention: kept, as the history of the pension.
 */
export const etfPensionValues = portfolio.table(
  "etf_pension_values",
  {
    pensionId: uuid("pension_id")
      .notNull()
      .references(() => etfPensions.id, { onDelete: "cascade" }),
    date: date({ mode: "string" }).notNull(),
    units: numeric(),
    /** Close of the day, in the ETF's currency. */
    price: numeric(),
    /** 1 unit of the currency of the ETF in the currency of the pension. */
    fxRate: numeric("fx_rate"),
    /** In the currency of the pension, rounded to its smallest unit. */
    value: numeric(),
    state: text().$type<"final" | "pending">().notNull(),
    reason: text().$type<PendingReason>(),
  },
  (value) => [
    primaryKey({ name: "etf_pension_values_day", columns: [value.pensionId, value.date] }),
    index("etf_pension_values_pending")
      .on(value.pensionId, value.date)
      .where(sql`state = 'pending'`),
    check("etf_pension_values_state", sql`state in ('final', 'pending')`),
    check("etf_pension_values_final_complete", sql`state <> 'final' or num_nulls(units, price, fx_rate, value) = 0`),
    check("etf_pension_values_pending_has_no_value", sql`state <> 'pending' or value is null`),
    check("etf_pension_values_pending_has_reason", sql`(state = 'pending') = (reason is not null)`),
    check(
      "etf_pension_values_reason",
      sql`reason in ('price', 'suspect', 'rate', 'contribution', 'adjusted', 'reopened')`,
    ),
    check(
      "etf_pension_values_positive",
      sql`(units >= 0 and units < 'Infinity' and price > 0 and fx_rate > 0 and value >= 0 and value < 'Infinity') is not false`,
    ),
  ],
);

/**
 * The final values that were replaced, with the reason.
 * Retention: kept, as the history of the pension.
 */
export const etfPensionValueChanges = portfolio.table(
  "etf_pension_value_changes",
  {
    id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    pensionId: uuid("pension_id")
      .notNull()
      .references(() => etfPensions.id, { onDelete: "cascade" }),
    date: date({ mode: "string" }).notNull(),
    /** What was final before the change. */
    units: numeric().notNull(),
    price: numeric().notNull(),
    fxRate: numeric("fx_rate").notNull(),
    value: numeric().notNull(),
    reason: text().notNull(),
    changedAt: timestamp("changed_at", { withTimezone: true, precision: 3 }).notNull(),
  },
  (change) => [index("etf_pension_value_changes_of_day").on(change.pensionId, change.date, change.id)],
);

export type Pension = typeof etfPensions.$inferSelect;
export type PensionContribution = typeof etfPensionContributions.$inferSelect;
export type PensionValue = typeof etfPensionValues.$inferSelect;
export type PensionValueChange = typeof etfPensionValueChanges.$inferSelect;
