import { z } from "zod";
import { listTasks } from "#data/tasks/tasks.ts";
import { readPage } from "#http/pagination.ts";
import { defineRoute } from "#http/route.ts";
import { instant, owner, priority, status, taskSchema, taskView } from "./task-view.ts";

export const getTasks = defineRoute({
  method: "GET",
  path: "api/tasks",
  access: "key",
  summary: "Tasks, newest first",
  query: z.strictObject({
    owner: owner.optional(),
    status: status.optional(),
    priority: priority.optional(),
    tag: z.string().min(1).max(100).optional(),
    dueFrom: instant.optional(),
    dueBefore: instant.optional(),
    /** Tasks of one recurring series. */
    seriesId: z.uuid().optional(),
    cursor: z.uuid().optional(),
    limit: z.coerce.number().int().min(1).max(500).default(50),
  }),
  response: z.object({ tasks: z.array(taskSchema), nextCursor: z.uuid().nullable() }),
  async handle({ app, query: { cursor, dueFrom, dueBefore, limit, ...filter } }) {
    const wanted = {
      ...filter,
      before: cursor,
      dueFrom: dueFrom === undefined ? undefined : new Date(dueFrom),
      dueBefore: dueBefore === undefined ? undefined : new Date(dueBefore),
    };
    const { rows, nextAfter } = await readPage(limit, (limit) => listTasks(app.db, { ...wanted, limit }));
    return { json: { tasks: rows.map(taskView), nextCursor: nextAfter?.id ?? null } };
  },
});
