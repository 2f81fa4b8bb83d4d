import { connect } from "#data/client.ts";
import { claimDueReminders } from "#data/tasks/due-reminders.ts";
import { markOverdue } from "#data/tasks/overdue-tasks.ts";
import { claimCompletedRecurring, insertNextTasks } from "#data/tasks/recurring-tasks.ts";
import type { TaskCursor } from "#data/tasks/task-cursor.ts";
import { notify } from "#notifications/notify.ts";
import { nextOccurrence } from "#rules/tasks/recurrence.ts";
import { overdueNotification, reminderNotification } from "#rules/tasks/task-notifications.ts";
import { readConfig } from "#settings/config.ts";
import { costOf, peakMiB } from "../support/process-cost.ts";
import { AS_OF, CASES } from "./cases.ts";

/** The naive way: the same work with pages of one row, each in its own transaction. */
const [url, pid, name, most] = process.argv.slice(2) as [string, string, string, string];
const { jobId, settings } = CASES[name]!;
const asOf = new Date(AS_OF);
const db = connect({ url, poolMax: 1, idleMs: 60_000, tls: "disable", prepare: true });
const context = {
  settings: readConfig({ DATABASE_URL: url, ...settings }),
  clock: { now: () => asOf },
  run: { family: "tasks" },
  enqueueAll: async () => undefined,
  publish: () => undefined,
};

let rows = 0;
const cost = await costOf({ url, pid: Number(pid) }, async () => {
  for (let after: TaskCursor | null = null; rows < Number(most); rows++) {
    const place: TaskCursor | null = after;
    after = await db.transaction((tx) => oneRow(tx, { asOf, now: asOf, after: place, limit: 1 }));
    if (after === null) break;
  }
});
await db.$client.end();
console.log(JSON.stringify({ ...cost, rows, peakMiB: peakMiB() }));

async function oneRow(
  tx: Parameters<Parameters<typeof db.transaction>[0]>[0],
  page: { asOf: Date; now: Date; after: TaskCursor | null; limit: number },
): Promise<TaskCursor | null> {
  if (jobId === "dispatch_reminders") {
    const [due] = await claimDueReminders(tx, page);
    if (due) await notify(context, tx, [reminderNotification(due)]);
    return due?.cursor ?? null;
  }
  if (jobId === "scan_overdue_tasks") {
    const [late] = await markOverdue(tx, page);
    if (late && context.settings.TASKS_NOTIFY_OVERDUE) await notify(context, tx, [overdueNotification(late)]);
    return late?.cursor ?? null;
  }
  const [done] = await claimCompletedRecurring(tx, page);
  if (!done) return null;
  await insertNextTasks(tx, { following: [{ fromId: done.id, ...nextOccurrence(done, asOf)! }], ended: [], now: asOf });
  return done.cursor;
}
