import { flag, type Setting } from "./setting.ts";

/** Tasks and reminders. */
export const TASK_SETTINGS = {
  TASKS_NOTIFY_OVERDUE: flag({
    about: "Whether the owner of a task is told, once for each due date, when it becomes overdue.",
    fallback: "true",
  }),
} satisfies Record<string, Setting<unknown>>;
