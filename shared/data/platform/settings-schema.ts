import { jsonb, text, timestamp } from "drizzle-orm/pg-core";
import { platform } from "./platform-schema.ts";

/**
 * Settings that an operator changed while the app ran: see shared/jobs/changeable-settings.ts. A setting without a row
 * has its configured value.
 * Retention: kept, one row per setting.
 */
export const storedSettings = platform.table("settings", {
  /** snake_case: `documents_archive_days`. */
  name: text().primaryKey(),
  value: jsonb().$type<unknown>().notNull(),
  changedAt: timestamp("changed_at", { withTimezone: true, precision: 3 }).notNull(),
  changedBy: text("changed_by").notNull(),
});

export type StoredSetting = typeof storedSettings.$inferSelect;
