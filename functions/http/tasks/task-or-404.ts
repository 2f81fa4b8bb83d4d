import type { Task } from "#data/tasks/task-schema.ts";
import { notFound } from "#http/problem.ts";

/** @throws Problem 404 when there is no task, or it was deleted */
export function taskOr404(task: Task | undefined, id: string): Task {
  if (task) return task;
  throw notFound(`there is no task ${id}, or it was deleted`);
}
