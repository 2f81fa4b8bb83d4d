import { and, asc, desc, eq, lt, lte, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { deadLetterJobs, type RetryJob, retryJobs, type RetryStatus } from "./personal-ops-schema.ts";

export type DeadLetterJob = typeof deadLetterJobs.$inferSelect;

export interface NewRetryJob {
  readonly kind: string;
  readonly payload: Record<string, unknown>;
  /** A second row with the key of an open one of the kind is not added. Default: none. */
  readonly dedupeKey?: string | undefined;
  /** Default 5. */
  readonly maxAttempts?: number | undefined;
  /** Default: at once. */
  readonly runAt?: Date | undefined;
}

/** Adds a retry job. @returns its id; null when an open one of the kind has its dedupe key */
export async function insertRetryJob(tx: Executor, job: NewRetryJob, now: Date): Promise<number | null> {
  const [row] = await tx
    .insert(retryJobs)
    .values({ ...job, runAt: job.runAt ?? now, createdAt: now })
    .onConflictDoNothing()
    .returning({ id: retryJobs.id });
  return row?.id ?? null;
}

/** Ids of the due retry jobs, oldest first. */
export async function dueRetryJobs(db: Executor, now: Date, limit: number): Promise<number[]> {
  const rows = await db
    .select({ id: retryJobs.id })
    .from(retryJobs)
    .where(isDue(now))
    .orderBy(asc(retryJobs.runAt), asc(retryJobs.id))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/** Locks a due retry job. @returns undefined when another process has it or had it */
export async function lockDueRetryJob(tx: Tx, id: number, now: Date): Promise<RetryJob | undefined> {
  const [row] = await tx
    .select()
    .from(retryJobs)
    .where(and(eq(retryJobs.id, id), isDue(now)))
    .for("update", { skipLocked: true });
  return row;
}

export async function completeRetryJob(tx: Tx, id: number, now: Date): Promise<void> {
  await tx
    .update(retryJobs)
    .set({ status: "completed", finishedAt: now, attempts: sql`${retryJobs.attempts} + 1`, lastError: null })
    .where(eq(retryJobs.id, id));
}

/** Puts a locked retry job back until an instant. */
export async function postponeRetryJob(
  tx: Tx,
  { id, attempts }: Pick<RetryJob, "id" | "attempts">,
  { error, runAt }: { readonly error: string; readonly runAt: Date },
): Promise<void> {
  await tx
    .update(retryJobs)
    .set({ attempts: attempts + 1, lastError: error, runAt })
    .where(eq(retryJobs.id, id));
}

/** Moves a locked retry job to the dead letters. */
export async function buryRetryJob(tx: Tx, job: RetryJob, error: string, now: Date): Promise<void> {
  const { id, kind, payload } = job;
  const attempts = job.attempts + 1;
  await tx
    .update(retryJobs)
    .set({ status: "dead", attempts, lastError: error, finishedAt: now })
    .where(eq(retryJobs.id, id));
  await tx.insert(deadLetterJobs).values({ retryJobId: id, kind, payload, error, attempts, diedAt: now });
}

/** Retry jobs that are not archived, newest first. @param filter.before the last id of the page before */
export async function listRetryJobs(
  db: Executor,
  { status, before, limit }: { status?: RetryStatus | undefined; before?: number | undefined; limit: number },
): Promise<RetryJob[]> {
  const hasStatus = status && eq(retryJobs.status, status);
  return db
    .select()
    .from(retryJobs)
    .where(and(sql`not ${retryJobs.archived}`, hasStatus, before === undefined ? undefined : lt(retryJobs.id, before)))
    .orderBy(desc(retryJobs.id))
    .limit(limit);
}

/** Dead letters, newest first. @param filter.before the last id of the page before */
export async function listDeadLetterJobs(
  db: Executor,
  { which, before, limit }: { which: "open" | "all"; before?: number | undefined; limit: number },
): Promise<DeadLetterJob[]> {
  return db
    .select()
    .from(deadLetterJobs)
    .where(
      and(
        which === "open" ? sql`${deadLetterJobs.resolvedAt} is null` : undefined,
        before === undefined ? undefined : lt(deadLetterJobs.id, before),
      ),
    )
    .orderBy(desc(deadLetterJobs.id))
    .limit(limit);
}

/** Locks a dead letter, for a decision about it. */
export async function lockDeadLetterJob(tx: Tx, id: number): Promise<DeadLetterJob | undefined> {
  const [row] = await tx.select().from(deadLetterJobs).where(eq(deadLetterJobs.id, id)).for("update");
  return row;
}

/** Stores a person's decision about a dead letter. */
export async function resolveDeadLetterJob(
  tx: Tx,
  id: number,
  decision: Required<Pick<DeadLetterJob, "resolution" | "resolvedBy" | "reason" | "resolvedAt">>,
): Promise<DeadLetterJob> {
  const [row] = await tx.update(deadLetterJobs).set(decision).where(eq(deadLetterJobs.id, id)).returning();
  return row!;
}

/** Archives completed retry jobs that finished before an instant. @returns how many */
export async function archiveRetryJobs(tx: Tx, before: Date, limit: number): Promise<number> {
  const old = sql`select id from ${retryJobs}
    where status = 'completed' and not archived and finished_at < ${before.toISOString()}::timestamptz
    order by finished_at, id limit ${limit} for update skip locked`;
  return (await tx.execute(sql`update ${retryJobs} set archived = true where id in (${old}) returning id`)).length;
}

function isDue(now: Date) {
  return and(eq(retryJobs.status, "pending"), lte(retryJobs.runAt, now));
}
