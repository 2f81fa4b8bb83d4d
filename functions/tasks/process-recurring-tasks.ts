import {
  claimCompletedRecurring,
  type CompletedRecurring,
  insertNextTasks,
  type NextTask,
} from "#data/tasks/recurring-tasks.ts";
import type { TaskCursor } from "#data/tasks/task-cursor.ts";
import { asError, defineJob, exponential, type FailedItem, schedule, writes, z } from "#jobs";
import { nextOccurrence } from "#rules/tasks/recurrence.ts";
import { tasks } from "../families.ts";

/**
 * Creates the next task after each completed task of a series. Running twice is safe: the new task is created in the
 * transaction that marks the old one as processed, and a unique index allows one next task each.
 *
 * A run takes all completed tasks, so one does the work of all missed slots, and a slot during an active run is
 * skipped. A task with an invalid recurrence stays as it is: each run reports it until a person corrects it, and
 * continues with the next.
 */
export const processRecurringTasks = defineJob({
  id: "process_recurring_tasks",
  family: tasks,
  summary: "Create the next task of each series whose last task is completed",
  on: schedule("0 */5 * * * *", "UTC"),
  input: z.strictObject({}),
  retry: exponential({ retries: 3, first: "5s", max: "5m" }),
  gates: [writes],
  missed: "once",
  overlap: "skip",

  run: ({ asOf, clock, paginate }) =>
    paginate<TaskCursor>(1_000, async (tx, page) => {
      const completed = await claimCompletedRecurring(tx, page);
      const { following, ended, failed } = planNext(completed, asOf);
      const generated = await insertNextTasks(tx, { following, ended, now: clock.now() });
      return {
        next: completed.at(-1)?.cursor ?? null,
        counts: { generated, ended: ended.length },
        affected: [...following.map(({ fromId }) => fromId), ...ended],
        failed,
      };
    }),
});

/** Sorts completed tasks: a next task follows, the series has ended, or the recurrence is invalid. */
function planNext(completed: readonly CompletedRecurring[], asOf: Date) {
  const following: NextTask[] = [];
  const ended: string[] = [];
  const failed: FailedItem[] = [];
  for (const task of completed) {
    try {
      const next = nextOccurrence(task, asOf);
      if (next) following.push({ fromId: task.id, ...next });
      else ended.push(task.id);
    } catch (error) {
      failed.push({ key: task.id, error: asError(error) });
    }
  }
  return { following, ended, failed };
}
