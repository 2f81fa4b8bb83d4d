import { asc, eq, sql } from "drizzle-orm";
import { afterEach, describe, expect, it } from "vitest";
import { reminders, type Task, tasks } from "#data/tasks/task-schema.ts";
import { processRecurringTasks } from "#functions/tasks/process-recurring-tasks.ts";
import { openDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { aReminder, aTask } from "#support/factories.ts";
import { runJob } from "#support/run-job.ts";

const NOW = "2026-03-10T12:00:00Z";

const { db } = await openDatabase();
afterEach(() => emptyTables(db, ["tasks.tasks", "tasks.reminders", "platform.job_runs"]));

const process = (asOf = NOW) => runJob(processRecurringTasks, { db, asOf });
const done = (given: Parameters<typeof aTask>[1] = {}) =>
  aTask(db, { status: "completed", isRecurring: true, ...given });
const followerOf = async ({ id }: Pick<Task, "id">) => {
  const [follower] = await db.select().from(tasks).where(eq(tasks.generatedFromId, id));
  return follower;
};
const asItIs = async ({ id }: Pick<Task, "id">) => (await db.select().from(tasks).where(eq(tasks.id, id)))[0]!;

it("creates the next task after a completed one, with the texts of its users", async () => {
  const task = await done({
    title: "Pay the rent",
    description: "From the savings",
    priority: "high",
    tags: ["home", 'a "quoted", tag'],
    dueDate: new Date("2026-01-31T08:00:00Z"),
    recurrenceType: "monthly",
    recurrenceInterval: 2,
    recurrenceUntil: new Date("2030-01-01T00:00:00Z"),
  });
  const { run, result } = await process();
  expect(result).toEqual({ generated: 1, ended: 0 });
  expect(run.itemFailureCount).toBe(0);
  expect(await followerOf(task)).toMatchObject({
    title: "Pay the rent",
    description: "From the savings",
    priority: "high",
    tags: ["home", 'a "quoted", tag'],
    owner: "user:1",
    status: "open",
    completed: false,
    completedAt: null,
    lastProcessedAt: null,
    timeZone: "Europe/Berlin",
    isRecurring: true,
    recurrenceType: "monthly",
    recurrenceInterval: 2,
    recurrenceUntil: task.recurrenceUntil,
    recurrencePosition: "2026-03-31 09:00:00",
    recurrenceAnchorDay: 31,
    recurrenceAnchorTime: "09:00:00",
    seriesId: task.id,
    seriesNumber: 2,
    // Daylight saving time has begun by then.
    dueDate: new Date("2026-03-31T07:00:00Z"),
  });
  expect((await asItIs(task)).lastProcessedAt).toEqual(new Date(NOW));
});

it("copies its reminders, unsent, with the same distance from the due date", async () => {
  const task = await done();
  const at = (time: string) => new Date(`2026-03-${time}:00Z`);
  await aReminder(db, {
    taskId: task.id,
    remindAt: at("09T08:00"),
    sent: true,
    sentAt: at("09T08:00"),
    channels: ["web"],
  });
  await aReminder(db, { taskId: task.id, remindAt: at("10T07:45"), channels: ["email", "chatbot"] });
  await process();
  const follower = (await followerOf(task))!;
  const copied = await db
    .select()
    .from(reminders)
    .where(eq(reminders.taskId, follower.id))
    .orderBy(asc(reminders.remindAt));
  expect(copied).toMatchObject([
    { remindAt: at("10T08:00"), sent: false, sentAt: null, channels: ["web"] },
    { remindAt: at("11T07:45"), sent: false, sentAt: null, channels: ["email", "chatbot"] },
  ]);
});

describe("does not change", () => {
  it.each<[string, Parameters<typeof aTask>[1]]>([
    ["an open one", { isRecurring: true }],
    ["one that does not recur", { status: "completed" }],
    ["one without a due date", { status: "completed", isRecurring: true, dueDate: null }],
    ["one that was processed", { status: "completed", isRecurring: true, lastProcessedAt: new Date(NOW) }],
    ["a deleted one", { status: "completed", isRecurring: true, deletedAt: new Date(NOW) }],
  ])("%s", async (_, given) => {
    const task = await aTask(db, given);
    expect((await process()).result).toEqual({ generated: 0, ended: 0 });
    expect(await asItIs(task)).toEqual(task);
    expect(await followerOf(task)).toBeUndefined();
  });
});

it("marks the last task of an ended series as processed, without a next task", async () => {
  const until = await done({ recurrenceUntil: new Date("2026-03-10T23:00:00Z") });
  const counted = await done({ recurrenceRule: "FREQ=DAILY;COUNT=3", seriesNumber: 3 });
  const { result } = await process();
  expect(result).toEqual({ generated: 0, ended: 2 });
  for (const task of [until, counted]) {
    expect((await asItIs(task)).lastProcessedAt).toEqual(new Date(NOW));
    expect(await followerOf(task)).toBeUndefined();
  }
});

it("keeps the time, the anchor and the number of a series from task to task", async () => {
  let task = await done({
    recurrenceRule: "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=4",
    dueDate: new Date("2026-01-31T08:00:00Z"),
  });
  const { id: seriesId } = task;
  const dues: string[] = [];
  for (;;) {
    await process("2026-02-01T00:00:00Z");
    const next = await followerOf(task);
    if (!next) break;
    dues.push(next.dueDate!.toISOString());
    expect(next.seriesId).toBe(seriesId);
    await db
      .update(tasks)
      .set({ status: "completed", completedAt: new Date(NOW) })
      .where(eq(tasks.id, next.id));
    task = next;
  }
  expect(dues).toEqual(["2026-02-28T08:00:00.000Z", "2026-03-31T07:00:00.000Z", "2026-04-30T07:00:00.000Z"]);
});

it("keeps a task that a gap at midnight moves to Sunday on its Saturday", async () => {
  let task = await done({
    timeZone: "America/Nuuk",
    recurrenceType: "weekly",
    dueDate: new Date("2026-03-22T01:30:00Z"),
  });
  const dues: string[] = [];
  for (let n = 0; n < 3; n++) {
    await process("2026-03-01T00:00:00Z");
    task = (await followerOf(task))!;
    dues.push(task.dueDate!.toISOString());
    await db
      .update(tasks)
      .set({ status: "completed", completedAt: new Date(NOW) })
      .where(eq(tasks.id, task.id));
  }
  expect(dues, "Saturdays 23:30; the clocks skip the last hour of 28 March").toEqual([
    "2026-03-29T01:00:00.000Z",
    "2026-04-05T00:30:00.000Z",
    "2026-04-12T00:30:00.000Z",
  ]);
});

it("a second run creates no second next task, also without the mark of the first", async () => {
  const task = await done();
  await process();
  await process();
  await db.update(tasks).set({ lastProcessedAt: null }).where(eq(tasks.id, task.id));
  const { result } = await process();
  expect(result).toEqual({ generated: 0, ended: 0 });
  expect(await db.select().from(tasks).where(eq(tasks.generatedFromId, task.id))).toHaveLength(1);
  expect((await asItIs(task)).lastProcessedAt, "now it is remembered").not.toBeNull();
});

describe("a task with an invalid recurrence", () => {
  it("is an item failure with the reason, does not change, and blocks no other", async () => {
    const broken = [
      await done({ recurrenceRule: "every other day" }),
      await done({ timeZone: "Mars/Olympus" }),
      await done({ recurrenceRule: "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31" }),
    ];
    const fine = await done({ completedAt: new Date(NOW) });
    const { run, result } = await process();
    expect(run.state).toBe("succeeded");
    expect(result).toEqual({ generated: 1, ended: 0 });
    expect(await followerOf(fine)).toBeDefined();
    expect(run.itemFailureCount).toBe(3);
    expect(run.itemFailures).toMatchObject([
      {
        key: broken[0]!.id,
        class: "validation",
        reason: expect.stringMatching(/^recurrence_rule: expected/) as string,
      },
      { key: broken[1]!.id, class: "validation", reason: expect.stringMatching(/^time_zone: expected/) as string },
      { key: broken[2]!.id, class: "validation", reason: expect.stringMatching(/found none$/) as string },
    ]);
    for (const task of broken) expect(await asItIs(task)).toEqual(task);
  });

  it("is skipped, also thousands at the head of the queue, and reported once a run", async () => {
    await db.execute(sql`
      insert into tasks.tasks (id, owner, title, status, completed_at, due_date, time_zone, is_recurring, recurrence_rule, created_at)
      select gen_random_uuid(), 'user:1', 'broken', 'completed', '2026-01-01', '2026-01-01', 'UTC', true, 'FREQ=SOMETIMES', '2026-01-01'
        from generate_series(1, 2500)`);
    const last = await done();
    const { run, result } = await process();
    expect(result).toEqual({ generated: 1, ended: 0 });
    expect(await followerOf(last)).toBeDefined();
    expect(run.itemFailureCount).toBe(2_500);
    expect(run.itemFailures).toHaveLength(100);
    expect((await process()).run.itemFailureCount, "the next run names them again").toBe(2_500);
  });
});

it("skips tasks that another transaction has locked", async () => {
  const [held, free] = [await done(), await done()];
  await db.transaction(async (tx) => {
    await tx.select().from(tasks).where(eq(tasks.id, held.id)).for("update");
    expect((await process()).result).toEqual({ generated: 1, ended: 0 });
    expect(await followerOf(free)).toBeDefined();
  });
  expect((await process()).result).toEqual({ generated: 1, ended: 0 });
});

it("logs which tasks it processed", async () => {
  const task = await done();
  const { log } = await process();
  expect(log).toContainEqual(
    expect.objectContaining({
      message: "Committed",
      fields: expect.objectContaining({ rows: 1, ids: [task.id] }) as object,
    }),
  );
});
