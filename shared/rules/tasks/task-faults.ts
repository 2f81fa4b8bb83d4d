import { checkZoneName } from "#schedule/zone-name.ts";
import { InvalidRecurrence } from "./invalid-recurrence.ts";
import { nextOccurrence, type RecurrenceType } from "./recurrence.ts";

/** The fields of a new task that depend on each other. */
export interface TaskRequest {
  readonly dueDate?: Date | undefined;
  readonly timeZone?: string | undefined;
  readonly recurrenceType?: RecurrenceType | undefined;
  readonly recurrenceInterval?: number | undefined;
  readonly recurrenceRule?: string | undefined;
  readonly recurrenceUntil?: Date | undefined;
}

export interface TaskFault {
  readonly field: keyof TaskRequest;
  readonly reason: string;
}

/** Whether the task is followed by another one when it is done. */
export function recurs({ recurrenceType, recurrenceRule }: TaskRequest): boolean {
  return recurrenceType !== undefined || recurrenceRule !== undefined;
}

/** The faults by field. Empty when the task can be stored and its series can be continued. */
export function taskFaults(task: TaskRequest): TaskFault[] {
  const faults: TaskFault[] = [];
  const { dueDate, timeZone, recurrenceInterval, recurrenceUntil } = task;
  if (timeZone !== undefined) checkZoneName(timeZone, (reason) => faults.push({ field: "timeZone", reason }));
  else if (dueDate !== undefined || recurs(task)) {
    const why = dueDate === undefined ? "the task recurs" : "the task has a due date";
    faults.push({ field: "timeZone", reason: `expected an IANA time zone such as "Europe/Berlin", since ${why}` });
  }
  if (recurs(task)) {
    if (dueDate === undefined) faults.push({ field: "dueDate", reason: "expected a due date, since the task recurs" });
    else if (faults.length === 0) faults.push(...recurrenceFaults({ ...task, dueDate, timeZone: timeZone! }));
    if (dueDate && recurrenceUntil && recurrenceUntil < dueDate) {
      faults.push({ field: "recurrenceUntil", reason: "expected an instant on or after the due date" });
    }
  } else {
    const reason = "expected recurrenceType or recurrenceRule beside it";
    if (recurrenceInterval !== undefined) faults.push({ field: "recurrenceInterval", reason });
    if (recurrenceUntil !== undefined) faults.push({ field: "recurrenceUntil", reason });
  }
  return faults;
}

function recurrenceFaults(task: TaskRequest & { dueDate: Date; timeZone: string }): TaskFault[] {
  try {
    nextOccurrence(
      {
        due: task.dueDate,
        timeZone: task.timeZone,
        until: null,
        position: null,
        anchorDay: null,
        anchorTime: null,
        number: 1,
        type: task.recurrenceType ?? null,
        interval: task.recurrenceInterval ?? 1,
        rule: task.recurrenceRule ?? null,
      },
      task.dueDate,
    );
    return [];
  } catch (error) {
    if (!(error instanceof InvalidRecurrence)) throw error;
    return [{ field: FIELD_OF[error.field] ?? "recurrenceRule", reason: error.reason }];
  }
}

const FIELD_OF: Partial<Record<InvalidRecurrence["field"], keyof TaskRequest>> = {
  due_date: "dueDate",
  time_zone: "timeZone",
  recurrence_type: "recurrenceType",
  recurrence_interval: "recurrenceInterval",
};
