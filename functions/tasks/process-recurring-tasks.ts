import { asError, defineJob, exponential, type FailedItem, schedule, writes, z } from "#jobs";
import type { TaskCursor } from "#data/tasks/task-cursor.ts";
import {
  claimCompletedRecurring,
  type CompletedRecurring,
  type NextTask,
  insertNextTasks,
} from "#data/tasks/recurring-tasks.ts";
import { nextOccurrence } from "#rules/tasks/recurrence.ts";
import { tasks } from "../families.ts";

/**
 * Follows each completed task of a series by the next one. The new task is made in the transaction that marks the old one as
 * processed, and the database takes one follower of a task at most, so twice is safe.
 *
 * A run takes all that is there, so one stands for all slots that were missed, and a slot that comes while one is still going
 * on has nothing to add. A task whose recurrence cannot be read stays as it is and is named again by each run until a person
 * has put it right; the walk passes it by, so it holds up nobody.
 */
export const processRecurringTasks = defineJob({
  id: "process_recurring_tasks",
  family: tasks,
  summary: "Make the next task of each series whose last one is done",
  on: schedule("0 */5 * * * *", "UTC"),
  input: z.strictObject({}),
  retry: exponential({ retries: 3, first: "5s", max: "5m" }),
  gates: [writes],
  missed: "once",
  overlap: "skip",

  run: ({ asOf, clock, paginate }) =>
    paginate<TaskCursor>(1_000, async (tx, page) => {
      const completed = await claimCompletedRecurring(tx, page);
      const { following, ended, failed } = follow(completed, asOf);
      const generated = await insertNextTasks(tx, { following, ended, now: clock.now() });
      return {
        next: completed.at(-1)?.cursor ?? null,
        counts: { generated, ended: ended.length },
        affected: [...following.map(({ fromId }) => fromId), ...ended],
        failed,
      };
    }),
});

/** What becomes of each: it is followed, its series has ended, or its recurrence cannot be read. */
function follow(completed: readonly CompletedRecurring[], asOf: Date) {
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
