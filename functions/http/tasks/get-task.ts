import { z } from "zod";
import { findTask, listReminders } from "#data/tasks/tasks.ts";
import { defineRoute } from "#http/route.ts";
import { taskOr404 } from "./task-or-404.ts";
import { reminderSchema, reminderView, taskSchema, taskView } from "./task-view.ts";

export const getTask = defineRoute({
  method: "GET",
  path: "api/tasks/{id}",
  access: "key",
  summary: "A task with its reminders",
  params: z.strictObject({ id: z.uuid() }),
  response: taskSchema.extend({ reminders: z.array(reminderSchema) }),
  async handle({ app, params: { id } }) {
    const task = taskOr404(await findTask(app.db, id), id);
    const reminders = await listReminders(app.db, id);
    return { json: { ...taskView(task), reminders: reminders.map(reminderView) } };
  },
});
