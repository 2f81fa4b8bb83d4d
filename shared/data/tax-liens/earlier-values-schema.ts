import { bigint, boolean, date, numeric, primaryKey, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { type LienStatus, type PropertyType, taxLiens } from "./tax-lien-schema.ts";

/*
 * What an ingestion changed, so that it can be undone. The merge writes these rows, up to a million at once: foreign
 * keys would cost it a check for each.
 */

/**
 * The values of a lien before an ingestion changed it. Its other columns never change.
 * Retention: `prune_lien_ingestions` deletes them after INGESTION_UNDO_DAYS.
 */
export const earlierLiens = taxLiens.table(
  "earlier_liens",
  {
    ingestionId: bigint("ingestion_id", { mode: "number" }).notNull(),
    id: bigint({ mode: "number" }).notNull(),
    certificateNumber: text("certificate_number"),
    propertyId: bigint("property_id", { mode: "number" }).notNull(),
    faceAmount: numeric("face_amount").notNull(),
    priorLiens: numeric("prior_liens").notNull(),
    penalties: numeric().notNull(),
    premium: numeric().notNull(),
    fees: numeric().notNull(),
    interestRate: numeric("interest_rate"),
    bidRate: numeric("bid_rate"),
    status: text().$type<LienStatus>().notNull(),
    saleDate: date("sale_date", { mode: "string" }),
    redemptionDeadline: date("redemption_deadline", { mode: "string" }),
    contentHash: uuid("content_hash").notNull(),
    updatedAt: timestamp("updated_at", { withTimezone: true, precision: 3 }).notNull(),
    lastListedOn: date("last_listed_on", { mode: "string" }),
    notListedOn: date("not_listed_on", { mode: "string" }),
  },
  (earlier) => [primaryKey({ name: "earlier_liens_of_ingestion", columns: [earlier.ingestionId, earlier.id] })],
);

/**
 * The values of the property of a changed lien before an ingestion.
 * Retention: `prune_lien_ingestions` deletes them after INGESTION_UNDO_DAYS.
 */
export const earlierProperties = taxLiens.table(
  "earlier_properties",
  {
    ingestionId: bigint("ingestion_id", { mode: "number" }).notNull(),
    id: bigint({ mode: "number" }).notNull(),
    address: text(),
    city: text(),
    zip: text(),
    legalDescription: text("legal_description"),
    owner: text(),
    propertyType: text("property_type").$type<PropertyType>().notNull(),
    assessedValue: numeric("assessed_value"),
    bankruptcy: boolean().notNull(),
    environmental: boolean().notNull(),
    codeViolations: boolean("code_violations").notNull(),
    updatedAt: timestamp("updated_at", { withTimezone: true, precision: 3 }).notNull(),
  },
  (earlier) => [primaryKey({ name: "earlier_properties_of_ingestion", columns: [earlier.ingestionId, earlier.id] })],
);
