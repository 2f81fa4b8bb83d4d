import { z } from "zod";
import type { Tx } from "#data/client.ts";
import type { Reminder, Task } from "#data/tasks/task-schema.ts";
import { listReminders, lockTask, moveReminders, updateTask } from "#data/tasks/tasks.ts";
import { checkIfMatch } from "#http/precondition.ts";
import { badRequest, Problem } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { changesSchedule, planChange, type TaskChange } from "#rules/tasks/task-change.ts";
import { respondOnce } from "../idempotent-requests.ts";
import { description, recurrenceInterval, recurrenceRule, tags, timeZone, title } from "./task-fields.ts";
import { taskOr404 } from "./task-or-404.ts";
import { instant, owner, priority, recurrenceType, taskDetail, taskDetailSchema, taskTag } from "./task-view.ts";

export const changeTask = defineRoute({
  method: "PATCH",
  path: "api/tasks/{id}",
  access: "key",
  idempotent: true,
  conditional: true,
  summary: "Change a task and with it the following ones of its series; a due date alone moves this task only",
  params: z.strictObject({ id: z.uuid() }),
  body: z
    .strictObject({
      owner: owner.optional(),
      title: title.optional(),
      description: description.optional(),
      priority: priority.optional(),
      tags: tags.optional(),
      dueDate: instant.nullable().optional().describe("Its reminders keep their distance; null removes it"),
      dueDateMoves: z
        .enum(["task", "series"])
        .optional()
        .describe("Default: task; series when the zone or the recurrence changes as well"),
      timeZone: timeZone.nullable().optional(),
      recurrenceType: recurrenceType.nullable().optional(),
      recurrenceInterval: recurrenceInterval.optional(),
      recurrenceRule: recurrenceRule.nullable().optional(),
      recurrenceUntil: instant.nullable().optional(),
    })
    .refine((change) => Object.keys(change).length > 0, "expected at least one field")
    .describe("Absent fields keep their values. A task without recurrenceType and recurrenceRule ends its series"),
  response: taskDetailSchema,
  async handle({ app, params: { id }, body, header }) {
    const change = { ...body, dueDate: dateOf(body.dueDate), recurrenceUntil: dateOf(body.recurrenceUntil) };
    const { response } = await respondOnce(app, { header, payload: { change: id, body } }, async (tx) => {
      const task = taskOr404(await lockTask(tx, id), id);
      const reminders = await listReminders(tx, id);
      checkIfMatch(header("if-match"), taskTag(taskDetail(task, reminders)));
      return { response: await changed(tx, { task, reminders, change, now: app.clock.now() }) };
    });
    return { headers: { etag: taskTag(response) }, json: response };
  },
});

async function changed(
  tx: Tx,
  { task, reminders, change, now }: { task: Task; reminders: readonly Reminder[]; change: TaskChange; now: Date },
) {
  if (task.lastProcessedAt !== null && changesSchedule(change)) {
    throw new Problem(
      409,
      "series-continued",
      `the series has continued after the task ${task.id}; change its next task`,
    );
  }
  const remindAt = reminders.map((reminder) => reminder.remindAt);
  const { faults, values, movedByMs } = planChange({ task, remindAt, change, now });
  if (faults.length > 0) throw badRequest(faults);
  const after = await updateTask(tx, task.id, values);
  if (movedByMs !== 0) await moveReminders(tx, { taskId: task.id, byMs: movedByMs, now });
  return taskDetail(after, await listReminders(tx, task.id));
}

function dateOf(text: string | null | undefined): Date | null | undefined {
  return typeof text === "string" ? new Date(text) : text;
}
