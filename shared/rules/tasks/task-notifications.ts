import { wallTimeAt } from "#schedule/wall-clock.ts";

/** A notification about a task. */
export interface TaskNotification {
  readonly recipient: string;
  readonly type: "task.reminder" | "task.overdue";
  readonly severity: "INFO";
  readonly title: string;
  readonly body: string;
  readonly data: { readonly taskId: string };
  /** One notification per reminder, and one per due date of an overdue task. */
  readonly dedupeKey: string;
}

/** The facts of a task that its notifications contain. */
export interface TaskFacts {
  readonly taskId: string;
  readonly owner: string;
  readonly title: string;
  readonly due: Date | null;
  readonly timeZone: string | null;
}

/** The notification of a reminder. @param reminder `channels`: the channels of its owner, each once */
export function reminderNotification<Channel>(
  reminder: TaskFacts & { readonly id: string; readonly channels: readonly Channel[] },
): TaskNotification & { readonly channels: readonly Channel[] } {
  return {
    recipient: reminder.owner,
    type: "task.reminder",
    severity: "INFO",
    title: reminder.title,
    body: reminder.due === null ? "" : `Due ${onClock(reminder.due, reminder.timeZone)}`,
    data: { taskId: reminder.taskId },
    channels: reminder.channels,
    dedupeKey: `reminder:${reminder.id}`,
  };
}

export function overdueNotification(task: TaskFacts & { readonly due: Date }): TaskNotification {
  return {
    recipient: task.owner,
    type: "task.overdue",
    severity: "INFO",
    title: `Overdue: ${task.title}`,
    body: `It was due ${onClock(task.due, task.timeZone)}`,
    data: { taskId: task.taskId },
    dedupeKey: `overdue:${task.taskId}:${task.due.toISOString()}`,
  };
}

/** The local time of the owner: `2026-03-31 09:00 Europe/Berlin`; in UTC without a zone. */
function onClock(due: Date, zone: string | null): string {
  return `${wallClock(due, zone ?? "UTC")} ${zone ?? "UTC"}`;
}

function wallClock(due: Date, zone: string): string {
  try {
    // The local time as a UTC date. A lookup in the table of zone changes is a hundred times faster than a formatter.
    const wall = new Date(wallTimeAt(zone, Math.floor(due.getTime() / 1_000)) * 1_000);
    return wall.toISOString().slice(0, -":00.000Z".length).replace("T", " ");
  } catch {
    return due.toISOString();
  }
}
