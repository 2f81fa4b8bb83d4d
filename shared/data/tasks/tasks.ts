import { and, arrayContains, asc, desc, eq, gte, isNull, lt, ne, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { type Priority, type Reminder, reminders, type Task, tasks, type TaskStatus } from "./task-schema.ts";

export type NewTask = Omit<typeof tasks.$inferInsert, "status" | "completedAt" | "lastProcessedAt" | "deletedAt">;

export async function insertTask(db: Executor, task: NewTask): Promise<Task> {
  const [row] = await db.insert(tasks).values(task).returning();
  return row!;
}

/** A task that is not deleted. */
export async function findTask(db: Executor, id: string): Promise<Task | undefined> {
  const [row] = await db.select().from(tasks).where(isThere(id));
  return row;
}

/** The same, locked until the transaction ends: no change is lost, and its series does not continue meanwhile. */
export async function lockTask(tx: Tx, id: string): Promise<Task | undefined> {
  const [row] = await tx.select().from(tasks).where(isThere(id)).for("no key update");
  return row;
}

type Changeable = Omit<NewTask, "id" | "createdAt"> & Pick<Task, "status">;
export type TaskValues = { readonly [Field in keyof Changeable]?: Changeable[Field] | undefined };

export async function updateTask(tx: Tx, id: string, values: TaskValues): Promise<Task> {
  const [row] = await tx.update(tasks).set(values).where(eq(tasks.id, id)).returning();
  return row!;
}

export interface TaskFilter {
  readonly owner?: string | undefined;
  readonly status?: TaskStatus | undefined;
  readonly priority?: Priority | undefined;
  readonly tag?: string | undefined;
  readonly dueFrom?: Date | undefined;
  readonly dueBefore?: Date | undefined;
  readonly seriesId?: string | undefined;
  /** The id of the last task of the page before. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Newest first, without deleted tasks. */
export async function listTasks(db: Executor, filter: TaskFilter): Promise<Task[]> {
  const { owner, status, priority, tag, dueFrom, dueBefore, seriesId, before, limit } = filter;
  return db
    .select()
    .from(tasks)
    .where(
      and(
        isNull(tasks.deletedAt),
        owner === undefined ? undefined : eq(tasks.owner, owner),
        status && eq(tasks.status, status),
        priority && eq(tasks.priority, priority),
        tag === undefined ? undefined : arrayContains(tasks.tags, [tag]),
        dueFrom && gte(tasks.dueDate, dueFrom),
        dueBefore && lt(tasks.dueDate, dueBefore),
        seriesId === undefined ? undefined : eq(tasks.seriesId, seriesId),
        before === undefined ? undefined : lt(tasks.id, before),
      ),
    )
    .orderBy(desc(tasks.id))
    .limit(limit);
}

/** Completes a task; a completed one stays unchanged. @returns undefined when it does not exist */
export async function completeTask(db: Executor, id: string, now: Date): Promise<Task | undefined> {
  const [row] = await db
    .update(tasks)
    .set({ status: "completed", completedAt: now })
    .where(and(isThere(id), ne(tasks.status, "completed")))
    .returning();
  return row ?? findTask(db, id);
}

/** Marks a task as deleted. The row stays for its reminders and its series. @returns false when it does not exist */
export async function deleteTask(db: Executor, id: string, now: Date): Promise<boolean> {
  const deleted = await db.update(tasks).set({ deletedAt: now }).where(isThere(id)).returning({ id: tasks.id });
  return deleted.length > 0;
}

export async function insertReminder(
  db: Executor,
  reminder: Pick<typeof reminders.$inferInsert, "taskId" | "remindAt" | "channels">,
): Promise<Reminder> {
  const [row] = await db.insert(reminders).values(reminder).returning();
  return row!;
}

/** By time. */
export async function listReminders(db: Executor, taskId: string): Promise<Reminder[]> {
  return db
    .select()
    .from(reminders)
    .where(eq(reminders.taskId, taskId))
    .orderBy(asc(reminders.remindAt), asc(reminders.id));
}

/**
 * Keeps the distance of reminders from a moved due date. A sent one that is in the future then is replaced by a new
 * one, since each is sent once.
 */
export async function moveReminders(
  tx: Tx,
  { taskId, byMs, now }: { taskId: string; byMs: number; now: Date },
): Promise<void> {
  const moved = sql`remind_at + ${byMs / 1_000}::float8 * interval '1 second'`;
  const isSentAgain = sql`sent and ${moved} > ${now.toISOString()}::timestamptz`;
  await tx.execute(sql`
    with again as (
      delete from ${reminders} where task_id = ${taskId} and ${isSentAgain} returning task_id, remind_at, channels
    ),
    created as (
      insert into ${reminders} (task_id, remind_at, channels) select task_id, ${moved}, channels from again
    )
    update ${reminders} set remind_at = ${moved} where task_id = ${taskId} and not (${isSentAgain})`);
}

function isThere(id: string) {
  return and(eq(tasks.id, id), isNull(tasks.deletedAt));
}
