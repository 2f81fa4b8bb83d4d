import type { Route } from "#http/route.ts";
import { changeTask } from "./change-task.ts";
import { completeTask } from "./complete-task.ts";
import { createReminder } from "./create-reminder.ts";
import { createTask } from "./create-task.ts";
import { deleteTask } from "./delete-task.ts";
import { getTask } from "./get-task.ts";
import { getTasks } from "./get-tasks.ts";

/** The routes of this area, in the order in which the functions are registered. */
export const routes: readonly Route[] = [
  createTask,
  getTasks,
  getTask,
  changeTask,
  deleteTask,
  completeTask,
  createReminder,
];
