import { sql } from "drizzle-orm";
import type { Tx } from "../client.ts";
import { afterCursor, type TaskCursor } from "./task-cursor.ts";
import { tasks } from "./task-schema.ts";

/** A task whose status just changed because of its due date. */
export interface MovedTask {
  readonly taskId: string;
  readonly cursor: TaskCursor;
  readonly owner: string;
  readonly title: string;
  readonly due: Date;
  readonly timeZone: string;
}

interface PageOfTasks {
  readonly asOf: Date;
  readonly after: TaskCursor | null;
  readonly limit: number;
}

/** Marks open tasks with a passed due date as overdue, the longest overdue first. */
export async function markOverdue(tx: Tx, page: PageOfTasks): Promise<MovedTask[]> {
  return move(tx, { from: "open", to: "overdue", isDue: "<" }, page);
}

/** Reopens overdue tasks whose due date was postponed. */
export async function reopenPostponed(tx: Tx, page: PageOfTasks): Promise<MovedTask[]> {
  return move(tx, { from: "overdue", to: "open", isDue: ">=" }, page);
}

interface Move {
  readonly from: "open" | "overdue";
  readonly to: "open" | "overdue";
  readonly isDue: "<" | ">=";
}

async function move(tx: Tx, { from, to, isDue }: Move, { asOf, after, limit }: PageOfTasks): Promise<MovedTask[]> {
  // Literals instead of parameters, so that the planner can use the partial indexes.
  type Row = Omit<MovedTask, "cursor" | "due"> & { at: string; dueMs: number };
  const rows = await tx.execute<Row & Record<string, unknown>>(sql`
    with found as materialized (
      select id from ${tasks}
       where status = ${sql.raw(`'${from}'`)} and due_date is not null and deleted_at is null
         and due_date ${sql.raw(isDue)} ${asOf.toISOString()}::timestamptz ${afterCursor("due_date", "uuid", after)}
       order by due_date, id
       limit ${limit}
         for no key update skip locked
    ),
    moved as (
      -- An array uses the index; the planner would turn a join into a scan of the whole table.
      update ${tasks} t set status = ${to} where t.id = any(array(select id from found))
      returning t.id, t.owner, t.title, t.due_date, t.time_zone
    )
    select id as "taskId", owner, title, due_date::text as at, date_part('epoch', due_date) * 1000 as "dueMs",
           time_zone as "timeZone"
      from moved order by due_date, id`);
  return rows.map(({ taskId, owner, title, at, dueMs, timeZone }) => ({
    taskId,
    cursor: [at, taskId],
    owner,
    title,
    timeZone,
    due: new Date(Math.round(dueMs)),
  }));
}
