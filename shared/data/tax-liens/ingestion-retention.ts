import { sql } from "drizzle-orm";
import type { OldRows } from "../old-rows.ts";
import { lienIngestions } from "./ingestion-schema.ts";

/**
 * Ingestions that ended before an instant, with their refused rows. The last one of each county and its last success
 * are never old.
 */
export function oldIngestions(before: Date): OldRows {
  const later = sql`select from ${lienIngestions} as later where later.county_id = old.county_id and later.id > old.id`;
  const where = sql`old.finished_at < ${before.toISOString()}::timestamptz and exists (${later})
    and (old.state <> 'succeeded' or exists (${later} and later.state = 'succeeded'))`;
  return { table: lienIngestions, key: lienIngestions.id, at: lienIngestions.finishedAt, where };
}
