import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tasks } from "#data/tasks/task-schema.ts";
import { changeTask } from "#functions/http/tasks/change-task.ts";
import { processRecurringTasks } from "#functions/tasks/process-recurring-tasks.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { aReminder, aTask } from "#support/factories.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, [processRecurringTasks]);
  api.clock.moveTo("2026-03-10T12:00:00Z");
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

interface TaskBody {
  id: string;
  [field: string]: unknown;
}
interface Fault {
  field: string;
  reason: string;
}

const weekly = {
  owner: "user:1",
  title: "Water the plants",
  dueDate: "2026-03-16T09:00:00+01:00",
  timeZone: "Europe/Berlin",
  recurrenceType: "weekly",
};
const { recurrenceType: _, ...single } = weekly;
const create = async (task: object) => (await api.call<TaskBody>("POST", "api/tasks", task)).body;
const change = <T = TaskBody>(id: string, body: object, headers: Record<string, string> = {}) =>
  api.call<T>("PATCH", `api/tasks/${id}`, body, headers);

/** Completes a task. @returns the due date of the next one */
async function nextDue(id: string): Promise<unknown> {
  await api.call("POST", `api/tasks/${id}/complete`);
  const run = await api.enqueuer.enqueue(processRecurringTasks, {
    input: {},
    trigger: "manual",
    requestedBy: "a test",
  });
  await api.runner.execute(run.id);
  const [next] = await api.db.select().from(tasks).where(eq(tasks.generatedFromId, id));
  return next?.dueDate?.toISOString();
}

it("given fields change, the others stay, and the following task has the new ones", async () => {
  const task = await create({ ...weekly, tags: ["home"] });
  const { status, body } = await change(task.id, {
    title: " Water them ",
    priority: "high",
    tags: [],
    owner: "user:2",
  });
  expect(status).toBe(200);
  const expected = { ...task, title: "Water them", priority: "high", tags: [], owner: "user:2", reminders: [] };
  expect(body).toEqual(expected);
  expect(changeTask.response!.safeParse(body).error).toBeUndefined();
  expect(await nextDue(task.id)).toBe("2026-03-23T08:00:00.000Z");
  const [next] = await api.db.select().from(tasks).where(eq(tasks.generatedFromId, task.id));
  expect(next).toMatchObject({ title: "Water them", priority: "high", tags: [], owner: "user:2" });
});

describe("a new due date", () => {
  it("moves this task alone", async () => {
    const task = await create(weekly);
    const { body } = await change(task.id, { dueDate: "2026-03-18T17:00:00+01:00" });
    expect(body.dueDate).toBe("2026-03-18T16:00:00.000Z");
    expect(await nextDue(task.id), "still on Monday at 9").toBe("2026-03-23T08:00:00.000Z");
  });

  it("moves the series where the request says so, or changes its recurrence or zone as well", async () => {
    const dueDate = "2026-03-18T17:00:00+01:00";
    for (const beside of [{ dueDateMoves: "series" }, { recurrenceInterval: 1 }, { timeZone: "Europe/Paris" }]) {
      const task = await create(weekly);
      await change(task.id, { dueDate, ...beside });
      expect(await nextDue(task.id), JSON.stringify(beside)).toBe("2026-03-25T16:00:00.000Z");
    }
  });

  it("takes its reminders along; a sent one that is in the future then is sent again", async () => {
    const task = await create(single);
    const at = (time: string) => new Date(`2026-03-${time}:00.000Z`);
    await aReminder(api.db, { taskId: task.id, remindAt: at("15T08:00") });
    await aReminder(api.db, { taskId: task.id, remindAt: at("09T08:00"), sent: true, sentAt: at("09T08:00") });
    await aReminder(api.db, { taskId: task.id, remindAt: at("01T08:00"), sent: true, sentAt: at("01T08:00") });
    const { body } = await change(task.id, { dueDate: "2026-03-20T08:00:00Z" });
    expect(body.reminders).toMatchObject([
      { remindAt: at("05T08:00").toISOString(), sent: true, sentAt: at("01T08:00").toISOString() },
      { remindAt: at("13T08:00").toISOString(), sent: false, sentAt: null },
      { remindAt: at("19T08:00").toISOString(), sent: false },
    ]);
    const removed = await change(task.id, { dueDate: null });
    expect(removed.body.reminders, "they stay without a due date").toEqual(body.reminders);
  });

  it("opens an overdue task, unless it is late as well", async () => {
    const late = await aTask(api.db, { status: "overdue" });
    expect((await change(late.id, { dueDate: "2026-03-10T11:00:00Z" })).body.status).toBe("overdue");
    expect((await change(late.id, { dueDate: "2026-03-10T13:00:00Z" })).body.status).toBe("open");
    const without = await aTask(api.db, { status: "overdue" });
    expect((await change(without.id, { dueDate: null })).body).toMatchObject({ status: "open", dueDate: null });
  });
});

describe("a new recurrence", () => {
  it("holds from this task on", async () => {
    const task = await create(weekly);
    const { body } = await change(task.id, { recurrenceRule: "FREQ=DAILY;BYHOUR=9,17" });
    expect(body).toMatchObject({ recurrenceRule: "FREQ=DAILY;BYHOUR=9,17", dueDate: task.dueDate });
    expect(await nextDue(task.id)).toBe("2026-03-16T16:00:00.000Z");
  });

  it("keeps the 31st while the kind of recurrence stays", async () => {
    const given = { isRecurring: true, dueDate: new Date("2026-04-30T07:00:00Z"), recurrenceAnchorDay: 31 };
    const monthly = await aTask(api.db, { ...given, recurrenceType: "monthly" });
    await change(monthly.id, { recurrenceInterval: 3 });
    expect(await nextDue(monthly.id)).toBe("2026-07-31T07:00:00.000Z");
    const toYearly = await aTask(api.db, { ...given, recurrenceType: "monthly" });
    await change(toYearly.id, { recurrenceType: "yearly" });
    expect(await nextDue(toYearly.id)).toBe("2027-04-30T07:00:00.000Z");
  });

  it("begins a series, and its removal ends one", async () => {
    const task = await create(single);
    expect((await change(task.id, { recurrenceType: "daily" })).body).toMatchObject({
      isRecurring: true,
      seriesId: task.id,
    });
    const stopped = await change(task.id, { recurrenceType: null });
    expect(stopped.body).toMatchObject({ isRecurring: false, recurrenceType: null, recurrenceUntil: null });
    expect(await nextDue(task.id)).toBeUndefined();
  });

  it("in another zone keeps the instant of this task and the time of that zone", async () => {
    const task = await create({ ...weekly, dueDate: "2026-03-23T09:00:00+01:00" });
    const { body } = await change(task.id, { timeZone: "America/New_York" });
    expect(body.dueDate).toBe(task.dueDate);
    expect(await nextDue(task.id), "04:00 there; the clocks of Berlin change between").toBe("2026-03-30T08:00:00.000Z");
  });

  it("corrects a completed task whose series could not continue", async () => {
    const done = { status: "completed", isRecurring: true } as const;
    const rule = await aTask(api.db, { ...done, recurrenceRule: "every day" });
    expect(await nextDue(rule.id)).toBeUndefined();
    await change(rule.id, { recurrenceRule: "FREQ=DAILY" });
    expect(await nextDue(rule.id)).toBe("2026-03-11T08:00:00.000Z");
    const zone = await aTask(api.db, { ...done, timeZone: "Mars/Olympus" });
    await change(zone.id, { timeZone: "Europe/Berlin" });
    expect(await nextDue(zone.id)).toBe("2026-03-11T08:00:00.000Z");
  });
});

describe("invalid fields are named, and nothing changes", () => {
  it.each<[string, object, object, string, RegExp]>([
    ["nothing", weekly, {}, "body", /at least one field/],
    ["an unknown field", weekly, { status: "open" }, "status", /is not known/],
    ["a blank title", weekly, { title: " " }, "title", /expected a title/],
    ["a series without due date", weekly, { dueDate: null }, "dueDate", /since the task recurs/],
    ["a due date without zone", weekly, { recurrenceType: null, timeZone: null }, "timeZone", /has a due date/],
    ["an unknown zone", weekly, { timeZone: "Europe/Berln" }, "timeZone", /did you mean/],
    ["an invalid rule", weekly, { recurrenceRule: "daily" }, "recurrenceRule", /expected parts/],
    ["an interval of nothing", single, { recurrenceInterval: 2 }, "recurrenceInterval", /beside it/],
    ["an end of nothing", single, { recurrenceUntil: "2027-01-01T00:00:00Z" }, "recurrenceUntil", /beside it/],
    ["an end before the task", weekly, { recurrenceUntil: "2026-01-01T00:00:00Z" }, "recurrenceUntil", /on or after/],
    ["a move without a due date", weekly, { dueDateMoves: "series" }, "dueDateMoves", /expected a dueDate/],
  ])("%s", async (_, given, body, field, reason) => {
    const task = await create(given);
    const answer = await change<{ errors: Fault[] }>(task.id, body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toContainEqual({ field, reason: expect.stringMatching(reason) as string });
    expect((await api.call<TaskBody>("GET", `api/tasks/${task.id}`)).body).toEqual({ ...task, reminders: [] });
  });

  it("a COUNT that the series has passed is refused; it counts from the first task", async () => {
    const third = await aTask(api.db, { isRecurring: true, seriesNumber: 3 });
    const answer = await change<{ errors: Fault[] }>(third.id, { recurrenceRule: "FREQ=DAILY;COUNT=2" });
    expect(answer.body.errors).toMatchObject([{ field: "recurrenceRule", reason: /at least 3/ as never }]);
    await change(third.id, { recurrenceRule: "FREQ=DAILY;COUNT=3" });
    expect(await nextDue(third.id)).toBeUndefined();
  });

  it("a task whose next one exists keeps its due date and recurrence; its texts may change", async () => {
    const task = await create(weekly);
    await nextDue(task.id);
    expect(await change(task.id, { dueDate: "2026-03-17T08:00:00Z" })).toMatchObject({
      status: 409,
      body: { type: "urn:rota:problem:series-continued" },
    });
    expect((await change(task.id, { title: "Watered" })).body.title).toBe("Watered");
  });

  it("an unknown or deleted task is 404", async () => {
    const task = await create(single);
    await api.call("DELETE", `api/tasks/${task.id}`);
    expect((await change(task.id, { title: "Gone" })).status).toBe(404);
  });
});

describe("concurrent changes", () => {
  it("with If-Match only the one that is based on the current state succeeds", async () => {
    const task = await create(single);
    const etag = (await api.call("GET", `api/tasks/${task.id}`)).headers.etag!;
    const answers = await Promise.all(["A", "B"].map((title) => change(task.id, { title }, { "if-match": etag })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
    const [done, refused] = answers.sort((a, b) => a.status - b.status);
    expect(refused!.headers.etag).toBe(done!.headers.etag);
    expect((await change(task.id, { title: "C" }, { "if-match": done!.headers.etag! })).status).toBe(200);
  });

  it("a repeated Idempotency-Key changes nothing again and has the same answer", async () => {
    const task = await create(single);
    const etag = (await api.call("GET", `api/tasks/${task.id}`)).headers.etag!;
    const headers = { "if-match": etag, "idempotency-key": `change-${task.id}` };
    const first = await change(task.id, { title: "A" }, headers);
    await change(task.id, { title: "B" });
    const again = await change(task.id, { title: "A" }, headers);
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect(again.headers.etag).toBe(first.headers.etag);
    expect((await api.call<TaskBody>("GET", `api/tasks/${task.id}`)).body.title).toBe("B");
  });
});
