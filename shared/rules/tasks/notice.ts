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
export interface NoticedTask {
  readonly taskId: string;
  readonly owner: string;
  readonly title: string;
  /** ISO 8601; null for a task without a due date. */
  readonly dueDate: string | null;
  readonly timeZone: string | null;
}

export function reminderNotice(task: NoticedTask, reminderId: string): Notice {
  return {
    ...{ recipient: task.owner, type: "task.reminder", severity: "INFO", title: task.title },
    body: task.dueDate === null ? "" : `Due ${onClock(task)}`,
    ...{ data: { taskId: task.taskId }, dedupeKey: `reminder:${reminderId}` },
  };
}

export function overdueNotice(task: NoticedTask & { readonly dueDate: string }): Notice {
  return {
    ...{ recipient: task.owner, type: "task.overdue", severity: "INFO", title: `Overdue: ${task.title}` },
    body: `It was due ${onClock(task)}`,
    ...{ data: { taskId: task.taskId }, dedupeKey: `overdue:${task.taskId}:${new Date(task.dueDate).toISOString()}` },
  };
}

/** `2026-03-31 09:00 Europe/Berlin`: what the owner's clock shows; in UTC where the zone is none. */
function onClock({ dueDate, timeZone }: NoticedTask): string {
  const due = new Date(dueDate!);
  const zone = timeZone ?? "UTC";
  return `${formatIn(zone)?.format(due) ?? due.toISOString()} ${zone}`;
}

const formats = new Map<string, Intl.DateTimeFormat | null>();

/** Making a format takes longer than using it ten thousand times. Null for a zone that this runtime does not know. */
function formatIn(zone: string): Intl.DateTimeFormat | null {
  let format = formats.get(zone);
  if (format === undefined) {
    try {
      // The Swedish locale writes dates as ISO 8601 does.
      format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
    } catch {
      format = null;
    }
    formats.set(zone, format);
  }
  return format;
}
