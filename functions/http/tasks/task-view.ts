import { z } from "zod";
import type { Reminder, Task } from "#data/tasks/task-schema.ts";
import { entityTag } from "#http/precondition.ts";
import { CHANNELS } from "#notifications/notification.ts";

const [EARLIEST, LATEST] = [Date.UTC(1970), Date.UTC(9_999)];

/** An instant with its offset. */
export const instant = z.iso
  .datetime({ offset: true, error: "expected an instant with its offset, such as 2026-03-31T09:00:00+02:00" })
  .refine((text) => Date.parse(text) >= EARLIEST && Date.parse(text) < LATEST, "expected a year from 1970 to 9998");

export const priority = z.enum(["low", "medium", "high", "urgent"]);
export const status = z.enum(["open", "completed", "overdue"]);
export const recurrenceType = z.enum(["daily", "weekly", "monthly", "yearly"]);
/** A recipient of notifications. */
export const owner = z.string().max(200).regex(/^\S+$/, "expected a name without spaces such as user:42");

export const reminderSchema = z.object({
  id: z.int(),
  remindAt: z.iso.datetime(),
  channels: z.array(z.enum(CHANNELS)),
  sent: z.boolean(),
  sentAt: z.iso.datetime().nullable(),
});

export const taskSchema = z.object({
  id: z.uuid(),
  owner: z.string(),
  title: z.string(),
  description: z.string(),
  priority,
  tags: z.array(z.string()),
  dueDate: z.iso.datetime().nullable(),
  timeZone: z.string().nullable(),
  status,
  completed: z.boolean(),
  completedAt: z.iso.datetime().nullable(),
  isRecurring: z.boolean(),
  recurrenceType: recurrenceType.nullable(),
  recurrenceInterval: z.int(),
  recurrenceRule: z.string().nullable(),
  recurrenceUntil: z.iso.datetime().nullable(),
  seriesId: z.uuid().nullable(),
  seriesNumber: z.int(),
  generatedFromId: z.uuid().nullable(),
  createdAt: z.iso.datetime(),
});

export function taskView(task: Task): z.infer<typeof taskSchema> {
  const { id, owner, title, description, priority, tags, timeZone, status, completed, isRecurring } = task;
  const { recurrenceType, recurrenceInterval, recurrenceRule, seriesId, seriesNumber, generatedFromId } = task;
  return {
    id,
    owner,
    title,
    description,
    priority,
    tags,
    dueDate: text(task.dueDate),
    timeZone,
    status,
    completed,
    completedAt: text(task.completedAt),
    isRecurring,
    recurrenceType,
    recurrenceInterval,
    recurrenceRule,
    recurrenceUntil: text(task.recurrenceUntil),
    seriesId,
    seriesNumber,
    generatedFromId,
    createdAt: task.createdAt.toISOString(),
  };
}

export function reminderView({ id, remindAt, channels, sent, sentAt }: Reminder): z.infer<typeof reminderSchema> {
  return { id, remindAt: remindAt.toISOString(), channels, sent, sentAt: text(sentAt) };
}

export const taskDetailSchema = taskSchema.extend({ reminders: z.array(reminderSchema) });

export type TaskDetail = z.infer<typeof taskDetailSchema>;

export function taskDetail(task: Task, reminders: readonly Reminder[]): TaskDetail {
  return { ...taskView(task), reminders: reminders.map(reminderView) };
}

/** The entity tag of a task with its reminders. The schema restores the order of a stored response. */
export function taskTag(detail: unknown): string {
  return entityTag(taskDetailSchema.parse(detail));
}

function text(instant: Date | null): string | null {
  return instant?.toISOString() ?? null;
}
