import { sql } from "drizzle-orm";
import type { Tx } from "../client.ts";
import type { ChannelName } from "../platform/notification-schema.ts";
import { afterCursor, type TaskCursor } from "./task-cursor.ts";
import { reminders, tasks } from "./task-schema.ts";

/** A reminder that was just marked as sent, with its task. */
export interface DueReminder {
  readonly id: string;
  readonly cursor: TaskCursor;
  /** Without duplicates. */
  readonly channels: readonly ChannelName[];
  readonly taskId: string;
  readonly owner: string;
  readonly title: string;
  /** Null for a task without a due date. */
  readonly due: Date | null;
  readonly timeZone: string | null;
  /** Whether the task is neither completed nor deleted. */
  readonly isWanted: boolean;
}

/** Marks the next due reminders as sent and returns them, oldest first. Skips reminders that another run has locked. */
export async function claimDueReminders(
  tx: Tx,
  { asOf, now, after, limit }: { asOf: Date; now: Date; after: TaskCursor | null; limit: number },
): Promise<DueReminder[]> {
  type Row = Omit<DueReminder, "cursor" | "channels" | "due"> & {
    at: string;
    channels: string;
    dueMs: number | null;
  };
  const rows = await tx.execute<Row & Record<string, unknown>>(sql`
    with due as materialized (
      select id from ${reminders}
       where not sent and remind_at <= ${asOf.toISOString()}::timestamptz ${afterCursor("remind_at", "bigint", after)}
       order by remind_at, id
       limit ${limit}
         for no key update skip locked
    ),
    sent as (
      update ${reminders} r set sent = true, sent_at = ${now.toISOString()}::timestamptz
       -- An array uses the index; the planner would turn a join into a scan of the whole table.
       where r.id = any(array(select id from due))
      returning r.id, r.remind_at, r.channels, r.task_id
    )
    select sent.id::text as id, sent.remind_at::text as at, array_to_string(sent.channels, ',') as channels,
           t.id as "taskId", t.owner, t.title, date_part('epoch', t.due_date) * 1000 as "dueMs", t.time_zone as "timeZone",
           t.deleted_at is null and not t.completed as "isWanted"
      from sent join ${tasks} t on t.id = sent.task_id
     order by sent.remind_at, sent.id`);
  const channelsOf = channelLists();
  return rows.map(({ id, at, channels, taskId, owner, title, dueMs, timeZone, isWanted }) => ({
    id,
    cursor: [at, id],
    channels: channelsOf(channels),
    taskId,
    owner,
    title,
    due: dueMs === null ? null : new Date(Math.round(dueMs)),
    timeZone,
    isWanted,
  }));
}

/** Parses `web,chatbot`. Reminders with equal channels share one list. */
function channelLists(): (text: string) => readonly ChannelName[] {
  const lists = new Map<string, readonly ChannelName[]>();
  return (text) => {
    let list = lists.get(text);
    if (!list) lists.set(text, (list = [...new Set(text.split(",") as ChannelName[])]));
    return list;
  };
}
