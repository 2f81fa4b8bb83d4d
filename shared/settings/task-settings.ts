import { flag, type Setting } from "./setting.ts";

/** Tasks and reminders. */
export const TASK_SETTINGS = {
  TASKS_NOTIFY_OVERDUE: flag({
    about: "Whether the owner of a task is notified when it becomes overdue, once for each due date.",
    fallback: "true",
  }),
} satisfies Record<string, Setting<unknown>>;
