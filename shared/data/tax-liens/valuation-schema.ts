import { sql } from "drizzle-orm";
import { bigint, check, date, numeric, primaryKey, text, timestamp } from "drizzle-orm/pg-core";
import { properties, taxLiens } from "./tax-lien-schema.ts";

/** `missing`: the provider has no value. `anomaly`: far below the previous value. */
export type ValuationState = "valued" | "missing" | "anomaly";

/**
 * The value of a property according to one provider on one day. Rows are only added.
 * Retention: kept, as the history of the property.
 */
export const propertyValuations = taxLiens.table(
  "property_valuations",
  {
    propertyId: bigint("property_id", { mode: "number" })
      .notNull()
      .references(() => properties.id, { onDelete: "cascade" }),
    provider: text().notNull(),
    /** The local day of the value. */
    day: date({ mode: "string" }).notNull(),
    /** In dollars; null for `missing`. */
    value: numeric(),
    state: text().$type<ValuationState>().notNull(),
    /** The previous value of an `anomaly`. */
    previousValue: numeric("previous_value"),
    /** Why the value is missing or an anomaly. */
    reason: text(),
    createdAt: timestamp("created_at", { withTimezone: true, precision: 3 }).notNull(),
  },
  (valuation) => [
    // Day before provider: queries ask for the latest value of a property.
    primaryKey({
      name: "property_valuations_day",
      columns: [valuation.propertyId, valuation.day, valuation.provider],
    }),
    check("property_valuations_state", sql`state in ('valued', 'missing', 'anomaly')`),
    check("property_valuations_missing", sql`(state = 'missing') = (value is null)`),
    check("property_valuations_reason", sql`state = 'valued' or reason is not null`),
    check("property_valuations_anomaly", sql`state <> 'anomaly' or previous_value is not null`),
    check("property_valuations_value", sql`value >= 0 and value < 'Infinity'`),
  ],
);

export type PropertyValuation = typeof propertyValuations.$inferSelect;
