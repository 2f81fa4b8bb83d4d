import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import type { Executor } from "#data/client.ts";

/**
 * Resolves when a statement waits for a lock: its transaction is then open and blocked.
 * @param like an `ilike` pattern for the statement
 */
export async function lockWait(db: Executor, like = "%"): Promise<void> {
  const waits = () =>
    db.execute(sql`
      select from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock' and query ilike ${like}`);
  while ((await waits()).length === 0) await sleep(10);
}
