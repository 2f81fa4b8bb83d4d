import { sql } from "drizzle-orm";
import { bigint, check, index, primaryKey, text, timestamp } from "drizzle-orm/pg-core";
import { counties, taxLiens } from "./tax-lien-schema.ts";

/**
 * A list that a person uploaded. The newest one is the list of a county whose source is `upload`.
 * Retention: deleted with their county by `delete_county`.
 */
export const uploadedLists = taxLiens.table(
  "uploaded_lists",
  {
    countyId: text("county_id")
      .notNull()
      .references(() => counties.id, { onDelete: "cascade" }),
    /** Of the bytes as uploaded, hexadecimal. */
    sha256: text().notNull(),
    /** Its name in the container `county-lists`. */
    blob: text().notNull(),
    bytes: bigint({ mode: "number" }).notNull(),
    contentType: text("content_type").notNull(),
    /** The time of the last upload of these bytes. */
    uploadedAt: timestamp("uploaded_at", { withTimezone: true, precision: 3 }).notNull(),
    uploadedBy: text("uploaded_by").notNull(),
  },
  (list) => [
    primaryKey({ name: "uploaded_lists_content", columns: [list.countyId, list.sha256] }),
    index("uploaded_lists_by_time").on(list.countyId, list.uploadedAt),
    check("uploaded_lists_sha256", sql`sha256 ~ '^[0-9a-f]{64}$'`),
    check("uploaded_lists_bytes", sql`bytes > 0`),
  ],
);

export type UploadedList = typeof uploadedLists.$inferSelect;
