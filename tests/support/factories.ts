import { v7 as uuidv7 } from "uuid";
import type { Executor } from "#data/client.ts";
import { deadLetterJobs, retryJobs } from "#data/personal-ops/personal-ops-schema.ts";
import { type AttemptError, jobRuns, type Run } from "#data/platform/platform-schema.ts";
import { insertRates } from "#data/portfolio/exchange-rates.ts";
import { type ExchangeRateUpdate, exchangeRateUpdates } from "#data/portfolio/portfolio-schema.ts";
import { type Reminder, reminders, type Task, tasks } from "#data/tasks/task-schema.ts";

/** Inserts a run: a manual run of `a_job` that succeeded at 2026-03-10T12:00:00Z after one second, by default. */
export async function aRun(db: Executor, given: Partial<typeof jobRuns.$inferInsert> = {}): Promise<Run> {
  const id = given.id ?? uuidv7();
  const state = given.state ?? "succeeded";
  const queuedAt = given.queuedAt ?? new Date("2026-03-10T12:00:00Z");
  const [row] = await db
    .insert(jobRuns)
    .values({
      id,
      state,
      queuedAt,
      jobId: "a_job",
      family: "platform",
      trigger: "manual",
      input: {},
      maxAttempts: 4,
      correlationId: id,
      attempt: 1,
      startedAt: queuedAt,
      ...IN_STATE[state](queuedAt),
      ...given,
    })
    .returning();
  return row as Run;
}

/** The error of a first attempt: it failed with a transient error at 2026-03-10T12:00:01Z, by default. */
export function anError(given: Partial<AttemptError> = {}): AttemptError {
  const message = given.message ?? "it failed";
  return {
    attempt: 1,
    at: "2026-03-10T12:00:01.000Z",
    class: "transient",
    name: "Error",
    message,
    stack: `Error: ${message}\n    at work (job.ts:1:1)`,
    ...given,
  };
}

const after = (at: Date, ms: number) => new Date(at.getTime() + ms);
const ended = (at: Date) => ({ finishedAt: after(at, 1_000), durationMs: 1_000 });

/** The columns that each state requires. */
const IN_STATE: Record<Run["state"], (at: Date) => Partial<typeof jobRuns.$inferInsert>> = {
  queued: (at) => ({ notBefore: at, attempt: 0, startedAt: null }),
  running: () => ({ leaseHolder: "another process", leaseExpiresAt: new Date("2100-01-01T00:00:00Z") }),
  succeeded: ended,
  retrying: (at) => ({ notBefore: after(at, 10_000), errors: [anError()] }),
  dead: (at) => ({ ...ended(at), errors: [anError({ class: "validation" })] }),
  skipped: (at) => ({ finishedAt: at, attempt: 0, startedAt: null, reason: "a reason", reasonCode: "already-running" }),
  cancelled: (at) => ({ ...ended(at), reason: "a reason", reasonCode: "cancelled" }),
};

/** The published rates of one day, `1 EUR = rate quote`. Default: a dollar at 1.17 and a pound at 0.86, by the ECB. */
export async function ratesOf(
  db: Executor,
  date: string,
  rates: Readonly<Record<string, string>> = { USD: "1.17", GBP: "0.86" },
  source = "ecb",
): Promise<void> {
  await insertRates(db, [{ date, rates: Object.entries(rates).map(([quote, rate]) => ({ quote, rate })) }], source);
}

/** A tracking row of rates that were requested and stored at 2026-03-10T15:30:00Z, by default. */
export async function anUpdate(
  db: Executor,
  {
    requestedAt = "2026-03-10T15:30:00Z",
    ...given
  }: { requestedAt?: string } & Partial<Omit<typeof exchangeRateUpdates.$inferInsert, "requestedAt">> = {},
): Promise<ExchangeRateUpdate> {
  const at = new Date(requestedAt);
  const [row] = await db
    .insert(exchangeRateUpdates)
    .values({ kind: "latest", state: "succeeded", source: "ecb", requestedAt: at, finishedAt: at, ...given })
    .returning();
  return row as ExchangeRateUpdate;
}

/** A task of `user:1` that is open and due at 2026-03-10T09:00 in Berlin, by default. */
export async function aTask(db: Executor, given: Partial<typeof tasks.$inferInsert> = {}): Promise<Task> {
  const [row] = await db
    .insert(tasks)
    .values({
      id: uuidv7(),
      owner: "user:1",
      title: "Water the plants",
      timeZone: "Europe/Berlin",
      dueDate: new Date("2026-03-10T08:00:00Z"),
      createdAt: new Date("2026-03-01T08:00:00Z"),
      ...(given.status === "completed" && { completedAt: new Date("2026-03-10T07:00:00Z") }),
      ...(given.isRecurring && !given.recurrenceRule && { recurrenceType: "daily" as const }),
      ...given,
    })
    .returning();
  return row as Task;
}

/** A reminder of a task, for 2026-03-10T07:00:00Z by default. */
export async function aReminder(
  db: Executor,
  given: Pick<typeof reminders.$inferInsert, "taskId"> & Partial<typeof reminders.$inferInsert>,
): Promise<Reminder> {
  const [row] = await db
    .insert(reminders)
    .values({ remindAt: new Date("2026-03-10T07:00:00Z"), ...given })
    .returning();
  return row as Reminder;
}

/** A dead letter of a retry job that starts a run, which failed for good at 2026-03-10T12:00:00Z. @returns its id */
export async function aDeadLetterJob(db: Executor): Promise<number> {
  const at = new Date("2026-03-10T12:00:00Z");
  const work = { kind: "run_job", payload: { job: "sync_fx_latest" } };
  const dead = { status: "dead", attempts: 5, lastError: "no", runAt: at, createdAt: at, finishedAt: at } as const;
  const [job] = await db
    .insert(retryJobs)
    .values({ ...work, ...dead })
    .returning({ id: retryJobs.id });
  const letter = { ...work, retryJobId: job!.id, error: "no", attempts: 5, diedAt: at };
  const [row] = await db.insert(deadLetterJobs).values(letter).returning({ id: deadLetterJobs.id });
  return row!.id;
}
