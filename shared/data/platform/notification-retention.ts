import { sql } from "drizzle-orm";
import type { Tx } from "../client.ts";
import { notificationDeliveries, notifications } from "./notification-schema.ts";
import { firstIdAt } from "./run-id.ts";

/**
 * Deletes notifications created before an instant, with their deliveries, oldest first. Notifications that a run still
 * has to send stay. Deferred ones are deleted: the window of a digest is shorter.
 * @returns the number of deleted notifications
 */
export async function deleteOldNotifications(tx: Tx, before: Date, limit: number): Promise<number> {
  // Ids are time-ordered: the primary key finds the old rows.
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
