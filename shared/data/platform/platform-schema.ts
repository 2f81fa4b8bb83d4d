import { type SQL, sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgSchema,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";

export const platform = pgSchema("platform");

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/**
 * The sort key of the queue of a concurrency key: slots by their instant, all other runs by their due time.
 * @param run the alias of the table in the statement
 */
export function queueOrder(run?: "ahead" | "r" | "w"): SQL {
  const column = (name: string) => sql.raw(run ? `${run}.${name}` : name);
  return sql`coalesce(case when ${column("backfill_id")} is null then ${column("scheduled_for")} end, ${column("not_before")})`;
}

/**
 * The ledger: one row per run, from the moment it is enqueued. A slot that did not run has a row too, as `skipped`.
 * Retention: `prune_run_ledger` archives and deletes ended runs after RUN_RETENTION_DAYS.
 */
export const jobRuns = platform.table(
  "job_runs",
  {
    id: uuid().primaryKey(),
    jobId: text("job_id").notNull(),
    family: text().notNull(),
    trigger: text().$type<Trigger>().notNull(),
    state: text().$type<RunState>().notNull(),
    input: jsonb().notNull(),
    /** Counts claims. It fences: a completion with an older number is refused. */
    attempt: integer().notNull().default(0),
    maxAttempts: integer("max_attempts").notNull(),
    /** The slot of the run; unique per job. */
    scheduledFor: instant("scheduled_for"),
    /** The slot that a run computes for without having it: a repeat, a backfill, or a run that took it too early. */
    asOf: instant("as_of"),
    notBefore: instant("not_before"),
    queuedAt: instant("queued_at").notNull(),
    startedAt: instant("started_at"),
    finishedAt: instant("finished_at"),
    heartbeatAt: instant("heartbeat_at"),
    leaseHolder: text("lease_holder"),
    leaseExpiresAt: instant("lease_expires_at"),
    /** At most one running run per job and key. Null: no limit. */
    concurrencyKey: text("concurrency_key"),
    durationMs: bigint("duration_ms", { mode: "number" }),
    result: jsonb().$type<Record<string, unknown>>(),
    progress: jsonb().$type<Progress>(),
    itemFailures: jsonb("item_failures").$type<readonly ItemFailure[]>(),
    itemFailureCount: integer("item_failure_count").notNull().default(0),
    errors: jsonb()
      .$type<readonly AttemptError[]>()
      .notNull()
      .default(sql`'[]'::jsonb`),
    /** Why the run was skipped, cancelled or delayed, in a sentence. */
    reason: text(),
    /** The gate or rule behind `reason`, for machines: `internet-sync-disabled`, `already-running`, … */
    reasonCode: text("reason_code"),
    idempotencyKey: text("idempotency_key"),
    correlationId: text("correlation_id").notNull(),
    parentRunId: uuid("parent_run_id"),
    backfillId: uuid("backfill_id"),
    requestedBy: text("requested_by"),
    cancelRequestedAt: instant("cancel_requested_at"),
    archived: boolean().notNull().default(false),
  },
  (run) => [
    uniqueIndex("job_runs_one_per_slot")
      .on(run.jobId, run.scheduledFor)
      .where(sql`scheduled_for is not null`),
    uniqueIndex("job_runs_one_at_a_time")
      .on(run.jobId, run.concurrencyKey)
      .where(sql`state = 'running' and concurrency_key is not null`),
    index("job_runs_due")
      .on(run.notBefore)
      .where(sql`state in ('queued', 'retrying')`),
    // The condition is written as in `claimRuns`.
    index("job_runs_queue_order")
      .on(run.jobId, run.concurrencyKey, sql`(${queueOrder()})`, run.id)
      .where(sql`lease_expires_at is null and finished_at is null and concurrency_key is not null`),
    index("job_runs_leases")
      .on(run.leaseExpiresAt)
      .where(sql`state = 'running'`),
    index("job_runs_by_job").on(run.jobId, run.id),
    index("job_runs_dead")
      .on(run.id)
      .where(sql`state = 'dead'`),
    // The other states that are rare: with all states, each claim and completion would write to the index.
    index("job_runs_not_executed")
      .on(run.state, run.id)
      .where(sql`state in ('skipped', 'cancelled')`),
    index("job_runs_by_backfill")
      .on(run.backfillId, run.id)
      .where(sql`backfill_id is not null`),
    index("job_runs_by_as_of")
      .on(run.jobId, run.asOf)
      .where(sql`as_of is not null`),
    index("job_runs_children")
      .on(run.parentRunId)
      .where(sql`parent_run_id is not null`),
    // At most one unfinished repeat per run, however often it is requested.
    uniqueIndex("job_runs_one_unfinished_repeat")
      .on(run.parentRunId)
      .where(sql`trigger in ('retry', 'replay') and state in ('queued', 'running', 'retrying')`),
    check(
      "job_runs_state",
      sql`state in ('queued', 'running', 'succeeded', 'retrying', 'dead', 'skipped', 'cancelled')`,
    ),
    check("job_runs_trigger", sql`trigger in ('schedule', 'manual', 'event', 'retry', 'replay', 'chain')`),
    check("job_runs_running_is_leased", sql`(state = 'running') = (lease_expires_at is not null)`),
    check(
      "job_runs_final_is_finished",
      sql`(state in ('succeeded', 'dead', 'skipped', 'cancelled')) = (finished_at is not null)`,
    ),
    check("job_runs_waiting_has_time", sql`state not in ('queued', 'retrying') or not_before is not null`),
    check("job_runs_has_reason", sql`state not in ('skipped', 'cancelled') or reason is not null`),
    check("job_runs_attempts", sql`attempt >= 0 and attempt <= max_attempts`),
  ],
);

export const TRIGGERS = ["schedule", "manual", "event", "retry", "replay", "chain"] as const;
export type Trigger = (typeof TRIGGERS)[number];
export const RUN_STATES = ["queued", "running", "succeeded", "retrying", "dead", "skipped", "cancelled"] as const;
export type RunState = (typeof RUN_STATES)[number];
export interface Progress {
  readonly done: number;
  readonly total?: number;
  readonly note?: string;
}
export interface ItemFailure {
  readonly key: string;
  readonly class: string;
  readonly reason: string;
}
/** One failed attempt. Secrets are redacted, texts truncated. */
export interface AttemptError {
  readonly attempt: number;
  readonly at: string;
  /** See `shared/jobs/error-class.ts`. */
  readonly class: string;
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}
export type Run = typeof jobRuns.$inferSelect;
