import { defineJob, exponential, schedule, writes, z } from "#jobs";
import { markOverdue, reopenPostponed } from "#data/tasks/overdue-tasks.ts";
import type { TaskCursor } from "#data/tasks/task-cursor.ts";
import { notify } from "#notifications/notify.ts";
import { overdueNotification } from "#rules/tasks/task-notifications.ts";
import { tasks } from "../families.ts";

/**
 * Keeps the status of tasks in step with their due dates: late ones become overdue, and open again when they were put off. A
 * task is moved, and its owner told once for this due date, in one transaction, so twice is safe.
 *
 * A run looks at all tasks as they are, so one stands for all slots that were missed, and a slot that comes while one is
 * still going on has nothing to add.
 */
export const scanOverdueTasks = defineJob({
  id: "scan_overdue_tasks",
  family: tasks,
  summary: "Mark late tasks as overdue, and open again when put off",
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
