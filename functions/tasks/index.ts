import type { Job } from "#jobs";
import { dispatchReminders } from "./dispatch-reminders.ts";
import { processRecurringTasks } from "./process-recurring-tasks.ts";
import { scanOverdueTasks } from "./scan-overdue-tasks.ts";

/** The jobs of this family. */
export const jobs: readonly Job[] = [processRecurringTasks, dispatchReminders, scanOverdueTasks];
