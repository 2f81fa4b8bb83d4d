import { wallTimeAt } from "#schedule/wall-clock.ts";

/** What somebody is told of a task. */
export interface Notice {
  readonly recipient: string;
  readonly type: "task.reminder" | "task.overdue";
  readonly severity: "INFO";
  readonly title: string;
  readonly body: string;
  readonly data: { readonly taskId: string };
  /** Of one reminder, and of one due date of a task, somebody is told once. */
  readonly dedupeKey: string;
}

/** Of a task, what a notice says. */
export interface TaskFacts {
  readonly taskId: string;
  readonly owner: string;
  readonly title: string;
  readonly due: Date | null;
  readonly timeZone: string | null;
}

/** @param reminder through which channels its owner wants to be told, each once */
export function reminderNotification<Channel>(
  reminder: TaskFacts & { readonly id: string; readonly channels: readonly Channel[] },
): Notice & { readonly channels: readonly Channel[] } {
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

export function overdueNotification(task: TaskFacts & { readonly due: Date }): Notice {
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

/** `2026-03-31 09:00 Europe/Berlin`: what the owner's clock shows; in UTC where the zone is none. */
function onClock(due: Date, zone: string | null): string {
  return `${wallClock(due, zone ?? "UTC")} ${zone ?? "UTC"}`;
}

function wallClock(due: Date, zone: string): string {
  try {
    // As if the clock were in Greenwich. By the table of the zone's changes: a formatter takes a hundred times longer.
    const wall = new Date(wallTimeAt(zone, Math.floor(due.getTime() / 1_000)) * 1_000);
    return wall.toISOString().slice(0, -":00.000Z".length).replace("T", " ");
  } catch {
    return due.toISOString();
  }
}
