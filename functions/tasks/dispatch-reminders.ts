import { defineJob, exponential, schedule, writes, z } from "#jobs";
import { claimDueReminders } from "#data/tasks/due-reminders.ts";
import type { TaskCursor } from "#data/tasks/task-cursor.ts";
import { notify } from "#notifications/notify.ts";
import { reminderNotification } from "#rules/tasks/task-notifications.ts";
import { tasks } from "../families.ts";

/**
 * Tells the owners of tasks what they wanted to be reminded of. A reminder is marked as sent in the transaction that makes its
 * notification, under a key of its own, so twice is safe.
 *
 * Whatever has come due is sent, however late: one run stands for all slots that were missed, and none is too late. Two runs
 * may go on at once, when a minute does not suffice: each takes reminders that the other has not locked.
 */
export const dispatchReminders = defineJob({
  id: "dispatch_reminders",
  family: tasks,
  summary: "Send the reminders that have come due",
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
