import { sql } from "drizzle-orm";
import type { Tx } from "../client.ts";
import { notificationDeliveries, notifications } from "./notification-schema.ts";
import { firstIdAt } from "./run-id.ts";

/**
 * Deletes notifications that were made before an instant, with their deliveries, oldest first. What a run has still to send stays,
 * however old; what waits for nothing but a digest goes, for no digest looks so far back.
 * @returns how many
 */
export async function deleteOldNotifications(tx: Tx, before: Date, limit: number): Promise<number> {
  // The ids are time-ordered: the primary key finds the old ones.
  const [row] = await tx.execute<{ count: number }>(sql`
    with gone as (
      delete from ${notifications} where id in (
        select id from ${notifications}
         where id < ${firstIdAt(before)}::uuid and (state in ('sent', 'failed', 'suppressed') or (state = 'pending' and reason is not null))
         order by id limit ${limit} for update skip locked)
      returning id
    ),
    deliveries as (delete from ${notificationDeliveries} where notification_id in (select id from gone))
    select count(*)::integer as count from gone`);
  return row!.count;
}
