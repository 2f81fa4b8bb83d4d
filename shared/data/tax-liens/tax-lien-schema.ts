import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  date,
  index,
  integer,
  jsonb,
  numeric,
  pgSchema,
  text,
  timestamp,
  unique,
  uuid,
} from "drizzle-orm/pg-core";

export const taxLiens = pgSchema("tax_liens");

/** The staging tables of ingestions: one unlogged table per list, dropped when the ingestion ends. */
export const taxLiensStaging = pgSchema("tax_liens_staging");

export const PROPERTY_TYPES = ["residential", "commercial", "industrial", "vacant_land", "unknown"] as const;
export type PropertyType = (typeof PROPERTY_TYPES)[number];

/** The status of a lien from its list. `not_listed`: the list no longer has a lien that was open. */
export const LIEN_STATUSES = ["available", "sold", "redeemed", "foreclosed", "withdrawn", "not_listed"] as const;
export type LienStatus = (typeof LIEN_STATUSES)[number];

/** A county with a list of liens. Retention: kept, as its liens refer to it. */
export const counties = taxLiens.table(
  "counties",
  {
    /** A slug: `coconino-az`. */
    id: text().primaryKey(),
    name: text().notNull(),
    /** Two letters: `AZ`. */
    state: text().notNull(),
    /** Whether the list is ingested every day. */
    active: boolean().notNull().default(true),
    timeZone: text("time_zone").notNull(),
    /** Address and format of the list: see shared/providers/county-lists. */
    source: jsonb().$type<Readonly<Record<string, unknown>>>().notNull(),
    /** The rule set: `arizona`, `other`. */
    ruleSet: text("rule_set").notNull(),
    /** Exceptions of this county from its rule set. */
    rules: jsonb().$type<Readonly<Record<string, unknown>>>().notNull().default({}),
    /** The number of liens in the last ingested list. */
    lastRows: integer("last_rows"),
    lastIngestedAt: timestamp("last_ingested_at", { withTimezone: true, precision: 3 }),
    createdAt: timestamp("created_at", { withTimezone: true, precision: 3 }).notNull(),
    updatedAt: timestamp("updated_at", { withTimezone: true, precision: 3 }).notNull(),
  },
  () => [
    check("counties_id_form", sql`id ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(id) <= 64`),
    check("counties_state_form", sql`state ~ '^[A-Z]{2}$'`),
    check("counties_last_rows", sql`last_rows >= 0`),
  ],
);

/** A parcel of a county, as the newest list describes it. Retention: kept, as its liens refer to it. */
export const properties = taxLiens.table(
  "properties",
  {
    id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    countyId: text("county_id")
      .notNull()
      .references(() => counties.id),
    parcelId: text("parcel_id").notNull(),
    address: text(),
    city: text(),
    zip: text(),
    legalDescription: text("legal_description"),
    owner: text(),
    propertyType: text("property_type").$type<PropertyType>().notNull().default("unknown"),
    /** From the assessor of the county. */
    assessedValue: numeric("assessed_value"),
    bankruptcy: boolean().notNull().default(false),
    environmental: boolean().notNull().default(false),
    codeViolations: boolean("code_violations").notNull().default(false),
    createdAt: timestamp("created_at", { withTimezone: true, precision: 3 }).notNull(),
    updatedAt: timestamp("updated_at", { withTimezone: true, precision: 3 }).notNull(),
  },
  (property) => [
    unique("properties_parcel").on(property.countyId, property.parcelId),
    check(
      "properties_type",
      sql`property_type in ('residential', 'commercial', 'industrial', 'vacant_land', 'unknown')`,
    ),
    // NaN and Infinity are greater than every number: ">= 0" alone would accept them.
    check("properties_assessed_value", sql`assessed_value >= 0 and assessed_value < 'Infinity'`),
  ],
);

/**
 * A lien on a property for one tax year. Money is in dollars, rates are percent a year (`16` is 16 %).
 * Retention: kept; a lien that its list no longer has becomes `not_listed`.
 */
export const liens = taxLiens.table(
  "liens",
  {
    id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    countyId: text("county_id")
      .notNull()
      .references(() => counties.id),
    taxYear: integer("tax_year").notNull(),
    /** Null if the county issues none. */
    certificateNumber: text("certificate_number"),
    /** The certificate number, otherwise the parcel id. Unique with county and tax year. */
    identity: text().notNull(),
    propertyId: bigint("property_id", { mode: "number" })
      .notNull()
      .references(() => properties.id),
    faceAmount: numeric("face_amount").notNull(),
    priorLiens: numeric("prior_liens").notNull().default("0"),
    penalties: numeric().notNull().default("0"),
    premium: numeric().notNull().default("0"),
    fees: numeric().notNull().default("0"),
    /** The rate of the lien; null: the rule set of the county has it. */
    interestRate: numeric("interest_rate"),
    /** The winning rate of the sale; in Illinois the penalty. */
    bidRate: numeric("bid_rate"),
    status: text().$type<LienStatus>().notNull().default("available"),
    saleDate: date("sale_date", { mode: "string" }),
    redemptionDeadline: date("redemption_deadline", { mode: "string" }),
    /** Hash of all list fields of lien and property: an equal hash means no change. */
    contentHash: uuid("content_hash").notNull(),
    createdAt: timestamp("created_at", { withTimezone: true, precision: 3 }).notNull(),
    updatedAt: timestamp("updated_at", { withTimezone: true, precision: 3 }).notNull(),
    /** The day of the last list that had it; null while it is listed. */
    lastListedOn: date("last_listed_on", { mode: "string" }),
    /** The day of the first list without it. */
    notListedOn: date("not_listed_on", { mode: "string" }),
  },
  (lien) => [
    unique("liens_identity").on(lien.countyId, lien.taxYear, lien.identity),
    index("liens_of_property").on(lien.propertyId),
    index("liens_by_status").on(lien.countyId, lien.status, lien.id),
    check("liens_tax_year", sql`tax_year between 1900 and 2200`),
    check("liens_identity_is_certificate", sql`certificate_number is null or identity = certificate_number`),
    check("liens_face_amount", sql`face_amount > 0 and face_amount < 'Infinity'`),
    check(
      "liens_money",
      sql`prior_liens >= 0 and prior_liens < 'Infinity' and penalties >= 0 and penalties < 'Infinity'
        and premium >= 0 and premium < 'Infinity' and fees >= 0 and fees < 'Infinity'`,
    ),
    check(
      "liens_rates",
      sql`(interest_rate >= 0 and interest_rate <= 100) is not false and (bid_rate >= 0 and bid_rate <= 100) is not false`,
    ),
    check("liens_status", sql`status in ('available', 'sold', 'redeemed', 'foreclosed', 'withdrawn', 'not_listed')`),
    check("liens_not_listed_has_date", sql`(status = 'not_listed') = (not_listed_on is not null)`),
  ],
);

export type County = typeof counties.$inferSelect;
export type Property = typeof properties.$inferSelect;
export type Lien = typeof liens.$inferSelect;
