import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTask } from "#functions/http/tasks/create-task.ts";
import { getTask } from "#functions/http/tasks/get-task.ts";
import { getTasks } from "#functions/http/tasks/get-tasks.ts";
import { dispatchReminders } from "#functions/tasks/dispatch-reminders.ts";
import { processRecurringTasks } from "#functions/tasks/process-recurring-tasks.ts";
import { scanOverdueTasks } from "#functions/tasks/scan-overdue-tasks.ts";
import type { Route } from "#http/route.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

const jobs = [processRecurringTasks, dispatchReminders, scanOverdueTasks];
const key = "o".repeat(32);

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, jobs, {
    env: { ROTA_OPERATOR_KEY: key, AZURE_FUNCTIONS_ENVIRONMENT: "Development" },
  });
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

interface TaskBody {
  id: string;
  [field: string]: unknown;
}
interface ProblemBody {
  errors: { field: string; reason: string }[];
  type: string;
}
const call = <T = TaskBody>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  api.call<T>(method, path, body, { "x-functions-key": key, ...headers });
const water = {
  owner: "user:1",
  title: "Water the plants",
  dueDate: "2026-03-10T09:00:00+01:00",
  timeZone: "Europe/Berlin",
};
const reads = (schema: Route["response"], value: unknown) => schema!.safeParse(value);

it("a request without a key is refused", async () => {
  expect((await api.call("POST", "api/tasks", water)).status).toBe(401);
  expect((await api.call("GET", "api/tasks")).status).toBe(401);
});

it("a task is stored as requested, with defaults for absent fields, and shown by its schema", async () => {
  const { status, body, headers } = await call("POST", "api/tasks", {
    ...water,
    tags: ["home"],
    recurrenceType: "weekly",
  });
  expect(status).toBe(201);
  expect(headers.location).toBe(`/api/tasks/${body.id}`);
  expect(body).toMatchObject({
    ...water,
    dueDate: "2026-03-10T08:00:00.000Z",
    description: "",
    priority: "medium",
    tags: ["home"],
    status: "open",
    completed: false,
    completedAt: null,
    isRecurring: true,
    recurrenceType: "weekly",
    recurrenceInterval: 1,
    recurrenceRule: null,
    seriesId: body.id,
    seriesNumber: 1,
    generatedFromId: null,
  });
  expect(reads(createTask.response, body).error).toBeUndefined();

  const plain = await call("POST", "api/tasks", { owner: "user:1", title: " Think " });
  expect(plain.body).toMatchObject({ title: "Think", dueDate: null, isRecurring: false, seriesId: null });
});

describe("invalid fields are named", () => {
  const recurring = { ...water, recurrenceType: "daily" };
  it.each<[string, object, string, RegExp]>([
    ["no title", { owner: "user:1" }, "title", /is required/],
    ["a blank title", { ...water, title: "  " }, "title", /expected a title/],
    ["an owner with spaces", { ...water, owner: "Ada L" }, "owner", /without spaces/],
    ["an unknown field", { ...water, due: 1 }, "due", /is not known/],
    [
      "a due date without its offset",
      { ...water, dueDate: "2026-03-10T09:00:00" },
      "dueDate",
      /expected an instant with its offset/,
    ],
    ["a due date that is none", { ...water, dueDate: "2026-02-30T09:00:00Z" }, "dueDate", /expected an instant/],
    ["a due date of long ago", { ...water, dueDate: "0001-01-01T09:00:00Z" }, "dueDate", /expected a year from 1970/],
    ["a due date without a zone", { ...water, timeZone: undefined }, "timeZone", /since the task has a due date/],
    ["an unknown zone", { ...water, timeZone: "Europe/Berln" }, "timeZone", /did you mean "Europe\/Berlin"\?/],
    ["an offset for a zone", { ...water, timeZone: "+01:00" }, "timeZone", /expected an IANA time zone/],
    ["a series without a due date", { ...recurring, dueDate: undefined }, "dueDate", /since the task recurs/],
    [
      "a series without due date and zone",
      { ...recurring, dueDate: undefined, timeZone: undefined },
      "timeZone",
      /since the task recurs/,
    ],
    ["an interval of 0", { ...recurring, recurrenceInterval: 0 }, "recurrenceInterval", /from 1 on/],
    ["half an interval", { ...recurring, recurrenceInterval: 1.5 }, "recurrenceInterval", /a whole number/],
    [
      "an interval of nothing",
      { ...water, recurrenceInterval: 2 },
      "recurrenceInterval",
      /expected recurrenceType or recurrenceRule/,
    ],
    ["an unknown type", { ...water, recurrenceType: "hourly" }, "recurrenceType", /one of daily, weekly/],
    [
      "a rule that cannot be read",
      { ...water, recurrenceRule: "every day" },
      "recurrenceRule",
      /expected parts such as FREQ=WEEKLY/,
    ],
    ["a rule by the second", { ...water, recurrenceRule: "FREQ=SECONDLY" }, "recurrenceRule", /FREQ: expected DAILY/],
    [
      "a rule that never comes",
      { ...water, recurrenceRule: "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31" },
      "recurrenceRule",
      /found none/,
    ],
    [
      "an end before the beginning",
      { ...recurring, recurrenceUntil: "2026-03-09T00:00:00Z" },
      "recurrenceUntil",
      /on or after the due date/,
    ],
  ])("%s", async (_, body, field, reason) => {
    const answer = await call<ProblemBody>("POST", "api/tasks", body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toContainEqual({ field, reason: expect.stringMatching(reason) as string });
  });

  it("several faults are reported at once", async () => {
    const { body } = await call<ProblemBody>("POST", "api/tasks", {
      ...recurring,
      timeZone: "Mars",
      dueDate: undefined,
    });
    expect(body.errors.map(({ field }) => field)).toEqual(["timeZone", "dueDate"]);
  });
});

it("repeated requests with a key create one task; another request with it is refused", async () => {
  const headers = { "idempotency-key": "a-key-of-its-own" };
  const first = await call("POST", "api/tasks", water, headers);
  const second = await call("POST", "api/tasks", water, headers);
  expect([first.status, second.status]).toEqual([201, 200]);
  expect(second.body).toEqual(first.body);
  expect(second.headers.location).toBe(first.headers.location);
  expect((await call("POST", "api/tasks", { ...water, title: "Another" }, headers)).status).toBe(422);
});

it("a task is completed once: the second request changes nothing", async () => {
  const { body: task } = await call("POST", "api/tasks", water);
  const first = await call("POST", `api/tasks/${task.id}/complete`);
  expect(first).toMatchObject({ status: 200, body: { status: "completed", completed: true } });
  api.clock.advance(60_000);
  expect((await call("POST", `api/tasks/${task.id}/complete`)).body).toEqual(first.body);
});

describe("reminders", () => {
  it("are created, shown with their task, and sent by the job", async () => {
    const { body: task } = await call("POST", "api/tasks", water);
    const asked = { remindAt: api.clock.now().toISOString() };
    const made = await call(`POST`, `api/tasks/${task.id}/reminders`, asked, {
      "idempotency-key": `remind-${task.id}`,
    });
    expect(made).toMatchObject({ status: 201, body: { channels: ["web", "chatbot"], sent: false, sentAt: null } });
    const again = await call(`POST`, `api/tasks/${task.id}/reminders`, asked, {
      "idempotency-key": `remind-${task.id}`,
    });
    expect(again).toMatchObject({ status: 200, body: made.body });
    await call("POST", `api/tasks/${task.id}/reminders`, { remindAt: "2030-01-01T00:00:00Z", channels: ["email"] });

    const { id } = await api.enqueuer.enqueue(dispatchReminders, {
      input: {},
      trigger: "manual",
      requestedBy: "a test",
    });
    expect(await api.runner.execute(id)).toMatchObject({ result: { sent: 1, suppressed: 0 } });
    const shown = await call("GET", `api/tasks/${task.id}`);
    expect(shown.body.reminders).toMatchObject([
      { sent: true, sentAt: api.clock.now().toISOString() },
      { sent: false, channels: ["email"] },
    ]);
    expect(reads(getTask.response, shown.body).error).toBeUndefined();
  });

  it.each<[string, object, string]>([
    ["a time without its offset", { remindAt: "2026-03-10T09:00:00" }, "remindAt"],
    ["an unknown channel", { remindAt: "2026-03-10T09:00:00Z", channels: ["pigeon"] }, "channels.0"],
    ["a channel named twice", { remindAt: "2026-03-10T09:00:00Z", channels: ["web", "web"] }, "channels"],
    ["no channel", { remindAt: "2026-03-10T09:00:00Z", channels: [] }, "channels"],
  ])("%s is refused", async (_, body, field) => {
    const { body: task } = await call("POST", "api/tasks", water);
    const answer = await call<ProblemBody>("POST", `api/tasks/${task.id}/reminders`, body);
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field }] } });
  });

  it("of a completed task are refused, of an unknown one are 404", async () => {
    const { body: task } = await call("POST", "api/tasks", water);
    await call("POST", `api/tasks/${task.id}/complete`);
    const asked = { remindAt: "2026-03-10T09:00:00Z" };
    expect(await call("POST", `api/tasks/${task.id}/reminders`, asked)).toMatchObject({
      status: 409,
      body: { type: "urn:rota:problem:task-completed" },
    });
    expect((await call("POST", "api/tasks/00000000-0000-7000-8000-000000000000/reminders", asked)).status).toBe(404);
  });
});

it("a deleted task is no longer shown, and its reminders are suppressed", async () => {
  const { body: task } = await call("POST", "api/tasks", water);
  await call("POST", `api/tasks/${task.id}/reminders`, { remindAt: api.clock.now().toISOString() });
  expect((await call("DELETE", `api/tasks/${task.id}`)).status).toBe(204);
  for (const [method, path] of [
    ["GET", ""],
    ["DELETE", ""],
    ["POST", "/complete"],
  ] as const) {
    expect((await call(method, `api/tasks/${task.id}${path}`)).status, method).toBe(404);
  }
  const { id } = await api.enqueuer.enqueue(dispatchReminders, { input: {}, trigger: "manual", requestedBy: "a test" });
  expect(await api.runner.execute(id)).toMatchObject({ result: { sent: 0, suppressed: 1 } });
});

it("the list pages from the newest to the oldest, each task once, by its filters", async () => {
  const owner = "user:lists";
  const ids: string[] = [];
  for (let n = 0; n < 5; n++) {
    const dueDate = `2026-03-1${n}T08:00:00Z`;
    const tags = n % 2 ? ["odd"] : ["even", "n"];
    const { body } = await call("POST", "api/tasks", {
      ...water,
      owner,
      dueDate,
      tags,
      priority: n === 4 ? "urgent" : "low",
    });
    ids.unshift(body.id);
  }
  interface List {
    tasks: TaskBody[];
    nextCursor: string | null;
  }
  const seen: string[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const path: string = `api/tasks?owner=${owner}&limit=2${cursor && `&cursor=${cursor}`}`;
    const { body } = await call<List>("GET", path);
    expect(reads(getTasks.response, body).error).toBeUndefined();
    seen.push(...body.tasks.map(({ id }) => id));
    cursor = body.nextCursor;
  }
  expect(seen).toEqual(ids);
  const found = async (filter: string) =>
    (await call<List>("GET", `api/tasks?owner=${owner}&${filter}`)).body.tasks.map(({ id }) => 4 - ids.indexOf(id));
  expect(await found("tag=odd")).toEqual([3, 1]);
  expect(await found("priority=urgent")).toEqual([4]);
  expect(await found("dueFrom=2026-03-11T08:00:00Z&dueBefore=2026-03-13T08:00:00Z")).toEqual([2, 1]);
  await call("POST", `api/tasks/${ids[0]}/complete`);
  expect(await found("status=completed")).toEqual([4]);
  expect((await call<ProblemBody>("GET", "api/tasks?status=late")).body.errors).toMatchObject([{ field: "status" }]);
});

it("a series continues through the API: completed, followed, completed again", async () => {
  api.clock.moveTo("2026-03-10T12:00:00Z");
  const { body: first } = await call("POST", "api/tasks", { ...water, recurrenceRule: "FREQ=DAILY;COUNT=2" });
  const advance = async () => {
    const run = await api.enqueuer.enqueue(processRecurringTasks, {
      input: {},
      trigger: "manual",
      requestedBy: "a test",
    });
    return (await api.runner.execute(run.id))!.result;
  };
  await call("POST", `api/tasks/${first.id}/complete`);
  await advance();
  const { body } = await call<{ tasks: TaskBody[] }>("GET", `api/tasks?seriesId=${first.id}&status=open`);
  expect(body.tasks).toMatchObject([
    { generatedFromId: first.id, seriesNumber: 2, dueDate: "2026-03-11T08:00:00.000Z" },
  ]);
  await call("POST", `api/tasks/${body.tasks[0]!.id}/complete`);
  expect(await advance()).toEqual({ generated: 0, ended: 1 });
});
