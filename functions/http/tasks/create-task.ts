import { z } from "zod";
import { rowId } from "#data/row-ids.ts";
import { insertTask } from "#data/tasks/tasks.ts";
import { badRequest } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { positionAt } from "#rules/tasks/series-position.ts";
import { recurs, taskFaults } from "#rules/tasks/task-faults.ts";
import { respondOnce } from "../idempotent-requests.ts";
import { description, recurrenceInterval, recurrenceRule, tags, timeZone, title } from "./task-fields.ts";
import { instant, owner, priority, recurrenceType, taskSchema, taskView } from "./task-view.ts";

export const createTask = defineRoute({
  method: "POST",
  path: "api/tasks",
  access: "key",
  idempotent: true,
  summary: "Create a task; with recurrenceType or recurrenceRule (RFC 5545), its completion creates the next one",
  body: z.strictObject({
    owner,
    title,
    description: description.optional(),
    priority: priority.optional(),
    tags: tags.optional(),
    dueDate: instant.optional(),
    timeZone: timeZone.optional(),
    recurrenceType: recurrenceType.optional(),
    recurrenceInterval: recurrenceInterval.optional(),
    recurrenceRule: recurrenceRule.optional(),
    recurrenceUntil: instant.optional(),
  }),
  response: taskSchema,
  async handle({ app, body, header }) {
    const dates = { dueDate: dateOf(body.dueDate), recurrenceUntil: dateOf(body.recurrenceUntil) };
    const wanted = { ...body, ...dates };
    const { response, started } = await respondOnce(app, { header, payload: { create: "task", body } }, async (tx) => {
      const faults = taskFaults(wanted);
      if (faults.length) throw badRequest(faults);
      const createdAt = app.clock.now();
      const id = rowId(createdAt);
      const first = recurs(wanted) && wanted.dueDate ? positionAt(wanted.dueDate, wanted.timeZone!) : null;
      const task = await insertTask(tx, {
        ...wanted,
        id,
        createdAt,
        isRecurring: recurs(wanted),
        ...(first && {
          seriesId: id,
          recurrencePosition: first.position,
          recurrenceAnchorDay: first.anchorDay,
          recurrenceAnchorTime: first.anchorTime,
        }),
      });
      return { response: taskView(task) };
    });
    return {
      status: started ? 201 : 200,
      headers: { location: `/api/tasks/${String(response.id)}` },
      json: response,
    };
  },
});

function dateOf(text: string | undefined): Date | undefined {
  return text === undefined ? undefined : new Date(text);
}
