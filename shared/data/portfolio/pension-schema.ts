import { sql } from "drizzle-orm";
import {
  bigint,
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

/** `pending` until its days are worked out as far as there are prices. */
export type PensionState = "pending" | "ready";

/** Why a day has no value yet, as shared/rules/portfolio/valuation-days.ts explains. */
export type PendingReason = "price" | "rate" | "contribution" | "adjusted" | "reopened";

/** Units of one ETF that contributions buy, valued in a currency of its own. */
export const etfPensions = portfolio.table(
  "etf_pensions",
  {
    /** Ordered by time: the key of pages, and of the batches that value. */
    id: uuid().primaryKey(),
    etfId: bigint("etf_id", { mode: "number" })
      .notNull()
      .references(() => etfs.id),
    name: text().notNull(),
    currency: text().notNull(),
    state: text().$type<PensionState>().notNull().default("pending"),
    /** How far the days were worked out, and how many prices its ETF had then: what differs from today is what is new. */
    valuedTo: date("valued_to", { mode: "string" }),
    pricesSeen: integer("prices_seen"),
    /**
     * What all contributions bought together, the last day on which one did, and the close that it paid. Null while one waits, and
     * from the moment on that any of them changes, which a trigger sees to, until they are summed anew.
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

/** Money that came in, and the units that it bought once price and rate were known. What was bought is never changed in silence. */
export const etfPensionContributions = portfolio.table(
  "etf_pension_contributions",
  {
    id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    pensionId: uuid("pension_id")
      .notNull()
      .references(() => etfPensions.id, { onDelete: "cascade" }),
    /** The name that its sender gave it: the same money is never counted twice. */
    reference: text().notNull(),
    date: date({ mode: "string" }).notNull(),
    amount: numeric().notNull(),
    currency: text().notNull(),
    /** The trading day whose close it paid. */
    boughtOn: date("bought_on", { mode: "string" }),
    price: numeric(),
    /** 1 of its currency in the ETF's, on its own date. */
    fxRate: numeric("fx_rate"),
    units: numeric(),
  },
  (contribution) => [
    unique("etf_pension_contributions_reference").on(contribution.pensionId, contribution.reference),
    index("etf_pension_contributions_by_date").on(contribution.pensionId, contribution.date),
    index("etf_pension_contributions_without_units")
      .on(contribution.pensionId, contribution.id)
      .where(sql`units is null`),
    // NaN is greater than every number, Infinity too.
    check("etf_pension_contributions_amount_positive", sql`amount > 0 and amount < 'Infinity'`),
    check("etf_pension_contributions_currency_form", sql`currency ~ '^[A-Z]{3}$'`),
    check("etf_pension_contributions_purchase_complete", sql`num_nulls(bought_on, price, fx_rate, units) in (0, 4)`),
    check(
      "etf_pension_contributions_purchase_valid",
      sql`(bought_on >= date and price > 0 and fx_rate > 0 and units >= 0 and units < 'Infinity') is not false`,
    ),
  ],
);

/** What a pension was worth on one day; `final` for good, `pending` with the reason why it is not known yet. */
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
    /** 1 of the ETF's currency in the pension's. */
    fxRate: numeric("fx_rate"),
    /** In the pension's currency, to its smallest unit. */
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
    check("etf_pension_values_reason", sql`reason in ('price', 'rate', 'contribution', 'adjusted', 'reopened')`),
    check(
      "etf_pension_values_positive",
      sql`(units >= 0 and units < 'Infinity' and price > 0 and fx_rate > 0 and value >= 0 and value < 'Infinity') is not false`,
    ),
  ],
);

export type Pension = typeof etfPensions.$inferSelect;
export type PensionContribution = typeof etfPensionContributions.$inferSelect;
export type PensionValue = typeof etfPensionValues.$inferSelect;
