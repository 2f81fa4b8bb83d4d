import { claimDueReminders } from "#data/tasks/due-reminders.ts";
import type { TaskCursor } from "#data/tasks/task-cursor.ts";
import { defineJob, exponential, schedule, writes, z } from "#jobs";
import { notify } from "#notifications/notify.ts";
import { reminderNotification } from "#rules/tasks/task-notifications.ts";
import { tasks } from "../families.ts";

/**
 * Notifies the owners of tasks of due reminders. Running twice is safe: a reminder is marked as sent in the transaction
 * that creates its notification, which has a dedupe key.
 *
 * Every due reminder is sent, however late, so one run does the work of all missed slots. Two runs may be active at
 * once when one takes more than a minute: each claims reminders that the other has not locked.
 */
export const dispatchReminders = defineJob({
  id: "dispatch_reminders",
  family: tasks,
  summary: "Send the reminders that are due",
  on: schedule("0 * * * * *", "UTC"),
  input: z.strictObject({}),
  retry: exponential({ retries: 3, first: "5s", max: "1m" }),
  gates: [writes],
  concurrency: () => null,
  missed: "once",

  run: (context) =>
    context.paginate<TaskCursor>(2_000, async (tx, page) => {
      const due = await claimDueReminders(tx, { ...page, asOf: context.asOf, now: context.clock.now() });
      const wanted = due.filter(({ isWanted }) => isWanted);
      await notify(context, tx, wanted.map(reminderNotification));
      return {
        next: due.at(-1)?.cursor ?? null,
        counts: { sent: wanted.length, suppressed: due.length - wanted.length },
        affected: due.map(({ id }) => id),
      };
    }),
});
