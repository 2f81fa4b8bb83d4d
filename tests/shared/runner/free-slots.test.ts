import { eq } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { listAudit } from "#data/platform/audit-log.ts";
import { slotLedgers } from "#data/platform/job-schedules.ts";
import { jobRuns, type Run } from "#data/platform/platform-schema.ts";
import { rowId } from "#data/row-ids.ts";
import { defineJob } from "#jobs";
import { accountableRange } from "#operations/unaccounted-slots.ts";
import { schedule } from "#schedule/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess, type TestProcess } from "#support/test-process.ts";

const everyMinute = schedule("0 * * * * *", "UTC");
const ran: string[] = [];
const job = defineJob({
  id: "minutely_sample",
  family: { id: "samples", title: "Samples" },
  summary: "A sample",
  on: everyMinute,
  input: z.strictObject({}),
  run: async ({ asOf }) => {
    ran.push(asOf.toISOString());
  },
});

/** The start of this minute by the real clock, which is the database's here, and instants around it. */
const minute = Math.floor(Date.now() / 60_000) * 60_000;
const slotIn = (minutes: number) => new Date(minute + minutes * 60_000);
const [now, soon] = [new Date(minute + 1_000), slotIn(120)];

let database: TestDatabase;
let app: TestProcess;
beforeAll(async () => {
  database = await migratedDatabase();
  // Not a simulated clock: the rule compares with the database's.
  const clock = Object.assign(new TestClock(now), { isSimulated: false });
  app = startProcess(database.url, [job], { clock });
});
afterAll(async () => {
  await app.close();
  await database.drop();
});
afterEach(async () => {
  await emptyTables(app.db, ["platform.job_runs", "platform.job_schedules", "platform.audit_log"]);
  for (const list of [ran, app.observed.freed, app.log, app.dispatched]) list.length = 0;
});

/** A run as a process wrote it whose clock showed the instant of the slot. The heartbeat is the database's time. */
async function taken(
  slot: Date,
  { state = "succeeded", heartbeatAt = now }: { state?: Run["state"]; heartbeatAt?: Date | null } = {},
): Promise<string> {
  const id = rowId(slot);
  const isWaiting = state === "queued";
  await app.db.insert(jobRuns).values({
    id,
    jobId: job.id,
    family: "samples",
    trigger: "schedule",
    state,
    input: {},
    maxAttempts: 1,
    correlationId: id,
    attempt: heartbeatAt ? 1 : 0,
    scheduledFor: slot,
    queuedAt: slot,
    startedAt: heartbeatAt && slot,
    finishedAt: isWaiting ? null : new Date(slot.getTime() + 500),
    durationMs: 500,
    heartbeatAt,
    notBefore: isWaiting ? now : null,
    reason: state === "skipped" ? "Kill switch is active (all)" : null,
  });
  return id;
}

async function rowOf(id: string): Promise<Run> {
  const [row] = await app.db.select().from(jobRuns).where(eq(jobRuns.id, id));
  return row!;
}

describe("a slot of the future that an ended run has", () => {
  it("is freed by the sweep: the run keeps its history with its real time", async () => {
    const id = await taken(soon);
    await app.runner.catchUpSlots();
    expect(await rowOf(id)).toMatchObject({
      state: "succeeded",
      scheduledFor: null,
      asOf: soon,
      queuedAt: now,
      startedAt: now,
      finishedAt: new Date(now.getTime() + 500),
      reason: "it took its slot too early, by a wrong clock; the slot is free again",
    });
    const ledgers = await slotLedgers(app.db, [job.id], { ...accountableRange(now), now });
    expect(ledgers.get(job.id)?.future).toBeNull();
  });

  it("is freed with an audit entry, an alert and a log line for each job, once", async () => {
    const slots = [soon, slotIn(121), slotIn(122)];
    for (const slot of slots) await taken(slot);
    await app.runner.catchUpSlots();
    await app.runner.catchUpSlots();
    const after = { slots: 3, first: soon.toISOString(), last: slots[2]!.toISOString() };
    expect(await listAudit(app.db, { subject: `job:${job.id}`, limit: 10 })).toMatchObject([
      { who: "job layer", action: "slots freed", after },
    ]);
    expect(app.observed.freed.map(({ slot }) => slot).sort()).toEqual(slots);
    const message = "Runs took slots too early, by a wrong clock; the slots are free again";
    expect(app.log.filter((entry) => entry.message === message)).toHaveLength(1);
  });

  it("is freed when the run was skipped, and keeps that reason too", async () => {
    const id = await taken(soon, { state: "skipped", heartbeatAt: null });
    await app.runner.catchUpSlots();
    const { scheduledFor, reason } = await rowOf(id);
    expect({ scheduledFor, reason }).toEqual({
      scheduledFor: null,
      reason: "Kill switch is active (all); it took its slot too early, by a wrong clock; the slot is free again",
    });
  });

  it("stays taken when the run began at its time by the database's clock, which went back since", async () => {
    const id = await taken(slotIn(1), { heartbeatAt: slotIn(1) });
    await app.runner.catchUpSlots();
    expect((await rowOf(id)).scheduledFor).toEqual(slotIn(1));
    expect(app.observed.freed).toEqual([]);
  });
});

it("a waiting run of a future slot keeps it and waits for it", async () => {
  const id = await taken(soon, { state: "queued", heartbeatAt: null });
  await app.runner.catchUpSlots();
  expect(await rowOf(id)).toMatchObject({ state: "queued", scheduledFor: soon, notBefore: soon });
  expect(app.observed.freed).toEqual([]);
});

describe("the tick of a slot", () => {
  it("runs it although a run took it two hours before, and frees the later ones: no sweep could run", async () => {
    const slot = slotIn(0);
    const twoHoursBefore = new Date(slot.getTime() - 7_200_000);
    const early = await taken(slot, { heartbeatAt: twoHoursBefore });
    const later = await taken(slotIn(1), { heartbeatAt: twoHoursBefore });
    const run = await app.runner.runSlot(job, slot, { schedule: everyMinute });
    expect(run).toMatchObject({ state: "succeeded", scheduledFor: slot });
    expect(ran).toEqual([slot.toISOString()]);
    expect(await rowOf(early)).toMatchObject({ scheduledFor: null, asOf: slot, startedAt: twoHoursBefore });
    expect((await rowOf(later)).scheduledFor).toBeNull();
    expect(await app.runner.runSlot(job, slot, { schedule: everyMinute }), "once").toBeUndefined();
  });

  it("frees a later slot that a run skipped before its time", async () => {
    const skipped = await taken(soon, { state: "skipped", heartbeatAt: null });
    await app.runner.runSlot(job, slotIn(0), { schedule: everyMinute });
    expect(ran).toEqual([slotIn(0).toISOString()]);
    expect((await rowOf(skipped)).scheduledFor).toBeNull();
  });
});
