import { z } from "zod";
import { findTask, listReminders } from "#data/tasks/tasks.ts";
import { defineRoute } from "#http/route.ts";
import { taskOr404 } from "./task-or-404.ts";
import { taskDetail, taskDetailSchema, taskTag } from "./task-view.ts";

export const getTask = defineRoute({
  method: "GET",
  path: "api/tasks/{id}",
  access: "key",
  summary: "A task with its reminders; its ETag goes into the If-Match of a change",
  params: z.strictObject({ id: z.uuid() }),
  response: taskDetailSchema,
  async handle({ app, params: { id } }) {
    const task = taskOr404(await findTask(app.db, id), id);
    const json = taskDetail(task, await listReminders(app.db, id));
    return { headers: { etag: taskTag(json) }, json };
  },
});
