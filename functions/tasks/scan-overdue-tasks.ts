import { markOverdue, reopenPostponed } from "#data/tasks/overdue-tasks.ts";
import type { TaskCursor } from "#data/tasks/task-cursor.ts";
import { defineJob, exponential, schedule, writes, z } from "#jobs";
import { notify } from "#notifications/notify.ts";
import { overdueNotification } from "#rules/tasks/task-notifications.ts";
import { tasks } from "../families.ts";

/**
 * Updates the status of tasks from their due dates: a late task becomes overdue, and open again when it is postponed.
 * Running twice is safe: one transaction updates a task and notifies its owner, once for each due date.
 *
 * A run checks all tasks, so one does the work of all missed slots, and a slot during an active run is skipped.
 */
export const scanOverdueTasks = defineJob({
  id: "scan_overdue_tasks",
  family: tasks,
  summary: "Mark late tasks as overdue, and reopen postponed ones",
  on: schedule("0 */15 * * * *", "UTC"),
  input: z.strictObject({}),
  retry: exponential({ retries: 3, first: "10s", max: "5m" }),
  gates: [writes],
  missed: "once",
  overlap: "skip",

  async run(context) {
    const { asOf, settings, paginate } = context;
    const { reopened = 0 } = await paginate<TaskCursor>(2_000, async (tx, page) => {
      const moved = await reopenPostponed(tx, { ...page, asOf });
      return {
        next: moved.at(-1)?.cursor ?? null,
        counts: { reopened: moved.length },
        affected: moved.map(({ taskId }) => taskId),
      };
    });
    const { overdue = 0 } = await paginate<TaskCursor>(2_000, async (tx, page) => {
      const late = await markOverdue(tx, { ...page, asOf });
      if (settings.TASKS_NOTIFY_OVERDUE) await notify(context, tx, late.map(overdueNotification));
      return {
        next: late.at(-1)?.cursor ?? null,
        counts: { overdue: late.length },
        affected: late.map(({ taskId }) => taskId),
      };
    });
    return { overdue, reopened };
  },
});
