import { sql } from "drizzle-orm";
import type { Tx } from "../client.ts";
import { rowId } from "../row-ids.ts";
import { afterCursor, type TaskCursor } from "./task-cursor.ts";
import { reminders, type Task, tasks } from "./task-schema.ts";

/** A completed recurring task without successor. */
export interface CompletedRecurring {
  readonly id: string;
  readonly cursor: TaskCursor;
  readonly due: Date;
  readonly timeZone: string | null;
  readonly type: Task["recurrenceType"];
  readonly interval: number;
  readonly rule: string | null;
  readonly until: Date | null;
  readonly position: string | null;
  readonly anchorDay: number | null;
  readonly anchorTime: string | null;
  readonly number: number;
}

/** Locks the next completed recurring tasks, the longest completed first. Skips tasks that another run has locked. */
export async function claimCompletedRecurring(
  tx: Tx,
  { after, limit }: { after: TaskCursor | null; limit: number },
): Promise<CompletedRecurring[]> {
  type Row = Omit<CompletedRecurring, "due" | "until"> & { dueMs: number; untilMs: number | null };
  const rows = await tx.execute<Row & Record<string, unknown>>(sql`
    select id, json_build_array(completed_at::text, id) as cursor,
           (extract(epoch from due_date) * 1000)::float8 as "dueMs", time_zone as "timeZone", recurrence_type as type,
           recurrence_interval as interval, recurrence_rule as rule,
           (extract(epoch from recurrence_until) * 1000)::float8 as "untilMs", recurrence_position::text as position,
           recurrence_anchor_day as "anchorDay", recurrence_anchor_time::text as "anchorTime", series_number as number
      from ${tasks}
     where is_recurring and status = 'completed' and due_date is not null and last_processed_at is null
       and deleted_at is null ${afterCursor("completed_at", "uuid", after)}
     order by completed_at, id
     limit ${limit}
       for no key update skip locked`);
  return rows.map(({ dueMs, untilMs, ...row }) => ({
    ...row,
    due: new Date(dueMs),
    until: untilMs === null ? null : new Date(untilMs),
  }));
}

/** The fields of a successor that differ from its predecessor. */
export interface NextTask {
  readonly fromId: string;
  readonly due: Date;
  readonly number: number;
  readonly position: string;
  readonly anchorDay: number;
  readonly anchorTime: string;
}

/**
 * Inserts the successors, with the reminders of their predecessors at the same distance from the due date. Marks the
 * predecessors and the tasks of `ended` series as processed. One statement.
 * @returns the number of new tasks; a task gets no second successor
 */
export async function insertNextTasks(
  tx: Tx,
  { following, ended, now }: { following: readonly NextTask[]; ended: readonly string[]; now: Date },
): Promise<number> {
  const column = (value: (task: NextTask) => string | number) => `{${following.map(value).join(",")}}`;
  const processed = [...following.map(({ fromId }) => fromId), ...ended];
  if (processed.length === 0) return 0;
  const at = sql`${now.toISOString()}::timestamptz`;
  const [row] = await tx.execute<{ made: number }>(sql`
    with next as (
      select * from unnest(
        ${column(() => rowId(now))}::uuid[], ${column(({ fromId }) => fromId)}::uuid[],
        ${column(({ due }) => due.toISOString())}::timestamptz[], ${column(({ number }) => number)}::integer[],
        ${column(({ position }) => position)}::timestamp[], ${column(({ anchorDay }) => anchorDay)}::smallint[],
        ${column(({ anchorTime }) => anchorTime)}::time[]
      ) as next(id, from_id, due_date, number, position, anchor_day, anchor_time)
    ),
    made as (
      insert into ${tasks} (id, owner, title, description, priority, tags, due_date, time_zone, is_recurring, recurrence_type,
                            recurrence_interval, recurrence_rule, recurrence_until, recurrence_position,
                            recurrence_anchor_day, recurrence_anchor_time, series_id, series_number, generated_from_id, created_at)
      select next.id, done.owner, done.title, done.description, done.priority, done.tags, next.due_date, done.time_zone, true,
             done.recurrence_type, done.recurrence_interval, done.recurrence_rule, done.recurrence_until, next.position,
             next.anchor_day, next.anchor_time, coalesce(done.series_id, done.id), next.number, done.id, ${at}
        from next join ${tasks} done on done.id = next.from_id
      on conflict (generated_from_id) do nothing
      returning id, generated_from_id, due_date
    ),
    reminded as (
      insert into ${reminders} (task_id, remind_at, channels)
      select made.id, reminder.remind_at + make_interval(secs => extract(epoch from made.due_date - done.due_date)::float8),
             reminder.channels
        from made
        join ${tasks} done on done.id = made.generated_from_id
        join ${reminders} reminder on reminder.task_id = done.id
    ),
    processed as (
      update ${tasks} set last_processed_at = ${at} where id = any(${`{${processed.join(",")}}`}::uuid[])
    )
    select count(*)::integer as made from made`);
  return row?.made ?? 0;
}
