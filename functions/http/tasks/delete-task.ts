import { z } from "zod";
import { deleteTask as markDeleted } from "#data/tasks/tasks.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";

export const deleteTask = defineRoute({
  method: "DELETE",
  path: "api/tasks/{id}",
  access: "key",
  summary: "Delete a task: it is no longer shown, its reminders are not sent, and its series ends",
  params: z.strictObject({ id: z.uuid() }),
  response: null,
  async handle({ app, params: { id } }) {
    if (await markDeleted(app.db, id, app.clock.now())) return { status: 204 };
    throw notFound(`there is no task ${id}, or it was deleted`);
  },
});
