import { instantOf, wallTimeAt } from "#schedule/wall-clock.ts";
import { checkZoneName } from "#schedule/zone-name.ts";
import { plannedPosition, type RecurrenceType } from "./recurrence.ts";
import { readRule } from "./recurrence-rule.ts";
import { positionAt, positionOf, type SeriesPosition, wallOf } from "./series-position.ts";
import { recurs, type TaskFault, taskFaults } from "./task-faults.ts";

/** The fields on which the due dates of a series depend. */
interface Schedule {
  readonly dueDate: Date | null;
  readonly timeZone: string | null;
  readonly recurrenceType: RecurrenceType | null;
  readonly recurrenceInterval: number;
  readonly recurrenceRule: string | null;
  readonly recurrenceUntil: Date | null;
}

/** A task as it is stored. */
export interface ChangeableTask extends Schedule {
  readonly id: string;
  readonly status: "open" | "completed" | "overdue";
  readonly isRecurring: boolean;
  readonly recurrencePosition: string | null;
  readonly recurrenceAnchorDay: number | null;
  readonly recurrenceAnchorTime: string | null;
  readonly seriesId: string | null;
  readonly seriesNumber: number;
}

/** The new values of a task; undefined keeps the value, null removes it. */
export type TaskChange = { readonly [Field in keyof Schedule]?: Schedule[Field] | undefined } & {
  readonly owner?: string | undefined;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly priority?: "low" | "medium" | "high" | "urgent" | undefined;
  readonly tags?: string[] | undefined;
  /** Default: `task`; `series` when the zone or the recurrence changes as well. */
  readonly dueDateMoves?: "task" | "series" | undefined;
};

/** Whether a change concerns due dates: its own or those of the following tasks. */
export function changesSchedule(change: TaskChange): boolean {
  return change.dueDate !== undefined || change.recurrenceUntil !== undefined || changesRecurrence(change);
}

/**
 * What a change makes of a task. Its texts, zone and recurrence hold for this task and those that follow; a due date
 * moves this task alone or, with `dueDateMoves: "series"`, the plan of the series.
 * @param remindAt the times of its reminders, which keep their distance from the due date
 * @returns the faults by field, the columns to store, and by how much the due date moves
 */
export function planChange({
  task,
  remindAt,
  change,
  now,
}: {
  readonly task: ChangeableTask;
  readonly remindAt: readonly Date[];
  readonly change: TaskChange;
  readonly now: Date;
}) {
  const { dueDateMoves: _, ...values } = change;
  if (!changesSchedule(change)) return { faults: faultsOfMove(change), values, movedByMs: 0 };

  const after = scheduleAfter(task, change);
  const isRecurring = recurs(given(after));
  const movedByMs = after.dueDate && task.dueDate ? after.dueDate.getTime() - task.dueDate.getTime() : 0;
  const faults = [
    ...faultsOfMove(change),
    ...taskFaults(requestOf(after, isRecurring ? plannedDue(task, change, after) : after.dueDate, change)),
    ...(remindAt.some((at) => !isInRange(at.getTime() + movedByMs)) ? [REMINDER_OUT_OF_RANGE] : []),
  ];
  if (faults.length === 0 && isRecurring) faults.push(...faultsOfCount(task, change));
  if (faults.length > 0) return { faults, values: {}, movedByMs: 0 };

  const plan = isRecurring ? planAfter(task, change, after) : null;
  const isLate = after.dueDate !== null && after.dueDate < now;
  return {
    faults,
    movedByMs,
    values: {
      ...values,
      ...after,
      isRecurring,
      seriesId: isRecurring ? (task.seriesId ?? task.id) : task.seriesId,
      recurrencePosition: plan?.position ?? null,
      recurrenceAnchorDay: plan?.anchorDay ?? null,
      recurrenceAnchorTime: plan?.anchorTime ?? null,
      status: task.status === "overdue" && !isLate ? ("open" as const) : task.status,
    },
  };
}

function changesRecurrence({ timeZone, recurrenceType, recurrenceInterval, recurrenceRule }: TaskChange): boolean {
  return [timeZone, recurrenceType, recurrenceInterval, recurrenceRule].some((value) => value !== undefined);
}

/** The end of a series and its interval go with its recurrence. */
function scheduleAfter(task: ChangeableTask, change: TaskChange): Schedule {
  const or = <Value>(wanted: Value | undefined, stored: Value) => (wanted === undefined ? stored : wanted);
  const recurrenceType = or(change.recurrenceType, task.recurrenceType);
  const recurrenceRule = or(change.recurrenceRule, task.recurrenceRule);
  const isOver = recurrenceType === null && recurrenceRule === null;
  return {
    dueDate: or(change.dueDate, task.dueDate),
    timeZone: or(change.timeZone, task.timeZone),
    recurrenceType,
    recurrenceRule,
    recurrenceInterval: or(change.recurrenceInterval, isOver ? 1 : task.recurrenceInterval),
    recurrenceUntil: or(change.recurrenceUntil, isOver ? null : task.recurrenceUntil),
  };
}

/** @param dueDate the due date that the series has, which differs from that of a task moved alone */
function requestOf(after: Schedule, dueDate: Date | null, change: TaskChange) {
  const isWithInterval = change.recurrenceInterval !== undefined || recurs(given(after));
  return {
    ...given(after),
    dueDate: dueDate ?? undefined,
    recurrenceInterval: isWithInterval ? after.recurrenceInterval : undefined,
  };
}

function given(schedule: Schedule) {
  return {
    dueDate: schedule.dueDate ?? undefined,
    timeZone: schedule.timeZone ?? undefined,
    recurrenceType: schedule.recurrenceType ?? undefined,
    recurrenceRule: schedule.recurrenceRule ?? undefined,
    recurrenceUntil: schedule.recurrenceUntil ?? undefined,
  };
}

/** Whether the series begins with the new due date: a new series, or one that moves. */
function restarts(task: ChangeableTask, change: TaskChange): boolean {
  if (!task.isRecurring || task.dueDate === null || !isZone(task.timeZone)) return true;
  const moves = change.dueDateMoves ?? (changesRecurrence(change) ? "series" : "task");
  return change.dueDate !== undefined && moves === "series";
}

/** A person may replace a zone that is invalid. */
function isZone(name: string | null): boolean {
  const faults: string[] = [];
  if (name !== null) checkZoneName(name, (fault) => faults.push(fault));
  return name !== null && faults.length === 0;
}

function plannedDue(task: ChangeableTask, change: TaskChange, after: Schedule): Date | null {
  if (after.dueDate === null || restarts(task, change)) return after.dueDate;
  return new Date(instantOf(task.timeZone!, wallOf(planBefore(task).position)) * 1_000);
}

function planAfter(task: ChangeableTask, change: TaskChange, after: Schedule): SeriesPosition {
  if (restarts(task, change)) return positionAt(after.dueDate!, after.timeZone!);
  const before = planBefore(task);
  const planned = instantOf(task.timeZone!, wallOf(before.position));
  const plan = after.timeZone === task.timeZone ? before : positionOf(wallTimeAt(after.timeZone!, planned));
  const isSameDay = plan.position.slice(0, 10) === before.position.slice(0, 10);
  const isSameKind = after.recurrenceType === task.recurrenceType && after.recurrenceRule === task.recurrenceRule;
  return { ...plan, anchorDay: isSameDay && isSameKind ? before.anchorDay : Number(plan.position.slice(8, 10)) };
}

function planBefore(task: ChangeableTask): SeriesPosition {
  return plannedPosition({
    due: task.dueDate!,
    timeZone: task.timeZone!,
    rule: task.recurrenceRule,
    position: task.recurrencePosition,
    anchorDay: task.recurrenceAnchorDay,
    anchorTime: task.recurrenceAnchorTime,
  });
}

function faultsOfMove({ dueDate, dueDateMoves }: TaskChange): ChangeFault[] {
  if (dueDateMoves === undefined || dueDate) return [];
  return [{ field: "dueDateMoves", reason: "expected a dueDate beside it" }];
}

/** COUNT still counts from the first task of the series. */
function faultsOfCount({ seriesNumber }: ChangeableTask, { recurrenceRule }: TaskChange): ChangeFault[] {
  const count = recurrenceRule ? readRule(recurrenceRule).count : null;
  if (count === null || count >= seriesNumber) return [];
  const reason = `COUNT: expected at least ${seriesNumber}, the number of this task in its series, got ${count}`;
  return [{ field: "recurrenceRule", reason }];
}

type ChangeFault = { readonly field: TaskFault["field"] | "dueDateMoves"; readonly reason: string };

const [EARLIEST, LATEST] = [Date.UTC(1970), Date.UTC(9_999)];
const REMINDER_OUT_OF_RANGE: ChangeFault = {
  field: "dueDate",
  reason: "expected reminders, which move with it, in the years 1970 to 9998",
};

function isInRange(instant: number): boolean {
  return instant >= EARLIEST && instant < LATEST;
}
