import { z } from "zod";
import { completeTask as complete } from "#data/tasks/tasks.ts";
import { defineRoute } from "#http/route.ts";
import { taskOr404 } from "./task-or-404.ts";
import { taskSchema, taskView } from "./task-view.ts";

/** Needs no Idempotency-Key: a completed task stays unchanged. */
export const completeTask = defineRoute({
  method: "POST",
  path: "api/tasks/{id}/complete",
  access: "key",
  summary: "Complete a task; if it recurs, the next one is created within minutes",
  params: z.strictObject({ id: z.uuid() }),
  response: taskSchema,
  handle: async ({ app, params: { id } }) => ({
    json: taskView(taskOr404(await complete(app.db, id, app.clock.now()), id)),
  }),
});
