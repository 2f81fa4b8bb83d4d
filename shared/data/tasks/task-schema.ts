import { sql } from "drizzle-orm";
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  index,
  integer,
  pgSchema,
  smallint,
  text,
  time,
  timestamp,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { type ChannelName, CHANNELS } from "../platform/notification-schema.ts";

export const tasksSchema = pgSchema("tasks");

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/**
 * The tasks of people. A completed recurring task gets one successor: see `process_recurring_tasks`.
 * Retention: kept, as the user's own record.
 */
export const tasks = tasksSchema.table(
  "tasks",
  {
    id: uuid().primaryKey(),
    owner: text().notNull(),
    title: text().notNull(),
    description: text().notNull().default(""),
    priority: text().$type<Priority>().notNull().default("medium"),
    tags: text()
      .array()
      .notNull()
      .default(sql`'{}'`),
    dueDate: instant("due_date"),
    /** IANA name of the zone of the due date. */
    timeZone: text("time_zone"),
    status: text().$type<TaskStatus>().notNull().default("open"),
    completed: boolean()
      .notNull()
      .generatedAlwaysAs(sql`status = 'completed'`),
    completedAt: instant("completed_at"),
    isRecurring: boolean("is_recurring").notNull().default(false),
    recurrenceType: text("recurrence_type").$type<"daily" | "weekly" | "monthly" | "yearly">(),
    recurrenceInterval: integer("recurrence_interval").notNull().default(1),
    /** RFC 5545; wins over type and interval. */
    recurrenceRule: text("recurrence_rule"),
    /** The end of the recurrence. */
    recurrenceUntil: instant("recurrence_until"),
    /**
     * The planned wall time of this task in its series; neither a clock change nor a moved due date changes it. Null:
     * stored by a version before migration 7; it follows from the due date and the anchors.
     */
    recurrencePosition: timestamp("recurrence_position", { precision: 0, mode: "string" }),
    /** The day of the month of the series: 31 stays 31 after February. */
    recurrenceAnchorDay: smallint("recurrence_anchor_day"),
    /** The time of day of the series: 02:30 stays 02:30 after the night that skips it. */
    recurrenceAnchorTime: time("recurrence_anchor_time"),
    /** The first task of the series. */
    seriesId: uuid("series_id"),
    /** The number in the series, from 1. With COUNT in the rule, missed occurrences count as well. */
    seriesNumber: integer("series_number").notNull().default(1),
    generatedFromId: uuid("generated_from_id").references((): AnyPgColumn => tasks.id, { onDelete: "set null" }),
    /** When the successor was created, or the series ended. */
    lastProcessedAt: instant("last_processed_at"),
    createdAt: instant("created_at").notNull(),
    deletedAt: instant("deleted_at"),
  },
  (task) => [
    // A task has at most one successor.
    uniqueIndex("tasks_one_successor").on(task.generatedFromId),
    index("tasks_by_owner").on(task.owner, task.id),
    index("tasks_by_series")
      .on(task.seriesId, task.id)
      .where(sql`series_id is not null and deleted_at is null`),
    index("tasks_by_status")
      .on(task.status, task.id)
      .where(sql`deleted_at is null`),
    index("tasks_by_due_date")
      .on(task.dueDate, task.id)
      .where(sql`due_date is not null and deleted_at is null`),
    index("tasks_by_tag")
      .using("gin", task.tags)
      .where(sql`deleted_at is null`),
    // One partial index per job: it holds the remaining work in order and stays small.
    index("tasks_without_successor")
      .on(task.completedAt, task.id)
      .where(
        sql`is_recurring and status = 'completed' and due_date is not null and last_processed_at is null and deleted_at is null`,
      ),
    index("tasks_open_by_due_date")
      .on(task.dueDate, task.id)
      .where(sql`status = 'open' and due_date is not null and deleted_at is null`),
    index("tasks_overdue_by_due_date")
      .on(task.dueDate, task.id)
      .where(sql`status = 'overdue' and deleted_at is null`),
    // The owner is the recipient of notifications.
    check("tasks_owner", sql`owner ~ '^[^[:space:]]{1,200}$'`),
    check("tasks_has_title", sql`title <> ''`),
    check("tasks_priority", sql`priority in ('low', 'medium', 'high', 'urgent')`),
    check("tasks_status", sql`status in ('open', 'completed', 'overdue')`),
    check("tasks_completed_has_time", sql`(status = 'completed') = (completed_at is not null)`),
    check("tasks_due_date_has_zone", sql`due_date is null or time_zone is not null`),
    check("tasks_overdue_has_due_date", sql`status <> 'overdue' or due_date is not null`),
    check(
      "tasks_recurrence_has_rule",
      sql`not is_recurring or recurrence_type is not null or recurrence_rule is not null`,
    ),
    check("tasks_recurrence_type", sql`recurrence_type in ('daily', 'weekly', 'monthly', 'yearly')`),
    check("tasks_recurrence_interval", sql`recurrence_interval >= 1`),
    check("tasks_recurrence_anchor_day", sql`recurrence_anchor_day between 1 and 31`),
    check("tasks_series_number", sql`series_number >= 1`),
  ],
);

/**
 * The moments at which an owner wants to be notified of a task.
 * Retention: kept with their task, as the user's own record.
 */
export const reminders = tasksSchema.table(
  "reminders",
  {
    id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    taskId: uuid("task_id")
      .notNull()
      .references(() => tasks.id, { onDelete: "cascade" }),
    remindAt: instant("remind_at").notNull(),
    channels: text()
      .array()
      .$type<ChannelName[]>()
      .notNull()
      .default(sql`'{web,chatbot}'`),
    sent: boolean().notNull().default(false),
    sentAt: instant("sent_at"),
  },
  (reminder) => [
    index("reminders_of_task").on(reminder.taskId),
    index("reminders_unsent")
      .on(reminder.remindAt, reminder.id)
      .where(sql`not sent`),
    check("reminders_sent_has_time", sql`sent = (sent_at is not null)`),
    check(
      "reminders_channels",
      sql`cardinality(channels) > 0 and channels <@ array[${sql.raw(CHANNELS.map((name) => `'${name}'`).join(", "))}]`,
    ),
  ],
);

export type Priority = "low" | "medium" | "high" | "urgent";
export type TaskStatus = "open" | "completed" | "overdue";
export type Task = typeof tasks.$inferSelect;
export type Reminder = typeof reminders.$inferSelect;
