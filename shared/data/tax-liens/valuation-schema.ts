import { sql } from "drizzle-orm";
import { bigint, check, date, numeric, primaryKey, text, timestamp } from "drizzle-orm/pg-core";
import { properties, taxLiens } from "./tax-lien-schema.ts";

/** `missing` when the provider had none, `anomaly` when it is far below the one before. */
export type ValuationState = "valued" | "missing" | "anomaly";

/** What a property was worth by a provider's word; only added to, one a property, provider and day. */
export const propertyValuations = taxLiens.table(
  "property_valuations",
  {
    propertyId: bigint("property_id", { mode: "number" })
      .notNull()
      .references(() => properties.id, { onDelete: "cascade" }),
    provider: text().notNull(),
    /** The local day for which it holds. */
    day: date({ mode: "string" }).notNull(),
    /** In dollars; null when it is missing. */
    value: numeric(),
    state: text().$type<ValuationState>().notNull(),
    /** The value before, where the state is `anomaly`. */
    previousValue: numeric("previous_value"),
    /** Why it is missing, or what is odd about it. */
    reason: text(),
    createdAt: timestamp("created_at", { withTimezone: true, precision: 3 }).notNull(),
  },
  (valuation) => [
    // Day before provider: the question asked is always "the latest of this property".
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
