import { z } from "zod";
import { findTask, insertReminder } from "#data/tasks/tasks.ts";
import { Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { CHANNELS } from "#notifications/notification.ts";
import { respondOnce } from "../idempotent-requests.ts";
import { taskOr404 } from "./task-or-404.ts";
import { instant, reminderSchema, reminderView } from "./task-view.ts";

export const createReminder = defineRoute({
  method: "POST",
  path: "api/tasks/{id}/reminders",
  access: "key",
  idempotent: true,
  summary: "Create a reminder of a task; default channels: web and chatbot",
  params: z.strictObject({ id: z.uuid() }),
  body: z.strictObject({
    remindAt: instant,
    channels: z
      .array(z.enum(CHANNELS))
      .min(1)
      .refine((names) => new Set(names).size === names.length, "expected each channel once")
      .default(["web", "chatbot"]),
  }),
  response: reminderSchema,
  async handle({ app, params: { id }, body, header }) {
    const { response, started } = await respondOnce(app, { header, payload: { remind: id, body } }, async (tx) => {
      const task = taskOr404(await findTask(tx, id), id);
      if (task.completed)
        throw new Problem(409, "task-completed", `the task ${id} is completed, so its reminders are not sent`);
      const { channels, remindAt } = body;
      return {
        response: reminderView(await insertReminder(tx, { taskId: id, channels, remindAt: new Date(remindAt) })),
      };
    });
    return { status: started ? 201 : 200, headers: { location: `/api/tasks/${id}` }, json: response };
  },
});
