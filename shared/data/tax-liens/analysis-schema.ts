import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  date,
  integer,
  jsonb,
  numeric,
  primaryKey,
  text,
  timestamp,
} from "drizzle-orm/pg-core";
import { liens, taxLiens } from "./tax-lien-schema.ts";

/**
 * Taxes of later years that the holder of a lien pays and gets back with interest.
 * Retention: kept with their lien.
 */
export const subsequentTaxes = taxLiens.table(
  "subsequent_taxes",
  {
    lienId: bigint("lien_id", { mode: "number" })
      .notNull()
      .references(() => liens.id, { onDelete: "cascade" }),
    /** The past or planned day of payment. */
    day: date({ mode: "string" }).notNull(),
    amount: numeric().notNull(),
  },
  (tax) => [
    primaryKey({ name: "subsequent_taxes_day", columns: [tax.lienId, tax.day] }),
    check("subsequent_taxes_amount", sql`amount > 0 and amount < 'Infinity'`),
  ],
);

/**
 * The figures that compare liens, from their last computation: see shared/rules/tax-liens/lien-metrics.ts.
 * Retention: kept, one row per lien.
 */
export const dealMetrics = taxLiens.table(
  "deal_metrics",
  {
    lienId: bigint("lien_id", { mode: "number" })
      .primaryKey()
      .references(() => liens.id, { onDelete: "cascade" }),
    /** The local day for which the figures hold. */
    asOf: date("as_of", { mode: "string" }).notNull(),
    /** Of the formulas. */
    version: integer().notNull(),
    cost: numeric().notNull(),
    ltv: numeric(),
    implausibleValue: boolean("implausible_value").notNull(),
    /** Percent a year, like `irr`. */
    expectedYield: numeric("expected_yield"),
    irr: numeric(),
    riskScore: numeric("risk_score"),
    dealScore: numeric("deal_score"),
    /** What is missing, assumed or doubtful: see shared/rules/tax-liens/marks.ts. */
    marks: jsonb().$type<readonly string[]>().notNull().default([]),
    explanation: text(),
    computedAt: timestamp("computed_at", { withTimezone: true, precision: 3 }).notNull(),
  },
  () => [
    check(
      "deal_metrics_scores",
      sql`(risk_score between 0 and 100) is not false and (deal_score between 0 and 100) is not false`,
    ),
    check(
      "deal_metrics_gap_has_explanation",
      sql`explanation is not null or (ltv is not null and expected_yield is not null and risk_score is not null and deal_score is not null)`,
    ),
  ],
);
