import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  text,
  time,
  timestamp,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { platform } from "./platform-schema.ts";
import type { Scope } from "./scope.ts";

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/**
 * The switches: one row `global` for everything, and one for each family that an operator changed, by its id. Only
 * `controls.ts` and the gates read them so: people see the notation of `scope.ts`.
 * Retention: kept, one row per scope.
 */
export const controls = platform.table(
  "controls",
  {
    scope: text().primaryKey(),
    killSwitch: boolean("kill_switch").notNull().default(false),
    jobsEnabled: boolean("jobs_enabled").notNull().default(true),
    writeEnabled: boolean("write_enabled").notNull().default(true),
    commsEnabled: boolean("comms_enabled").notNull().default(true),
    /** Wall times in `quietZone`; may cross midnight. */
    quietFrom: time("quiet_from"),
    quietTo: time("quiet_to"),
    quietZone: text("quiet_zone"),
    changedAt: instant("changed_at").notNull(),
    changedBy: text("changed_by").notNull(),
  },
  () => [
    check(
      "controls_quiet_hours_complete",
      sql`(quiet_from is null) = (quiet_to is null) and (quiet_from is null) = (quiet_zone is null)`,
    ),
  ],
);

/**
 * What is paused, by whom, why and until when.
 * Retention: kept, one row per scope.
 */
export const pauses = platform.table("pauses", {
  scope: text().$type<Scope>().primaryKey(),
  reason: text().notNull(),
  pausedBy: text("paused_by").notNull(),
  pausedAt: instant("paused_at").notNull(),
  /** Null: until an operator resumes it. */
  until: instant("until"),
});

/**
 * Which person or client changed what, when and why, with the values before and after.
 * Retention: `archive_old_records` archives and deletes entries after AUDIT_RETENTION_DAYS.
 */
export const auditLog = platform.table(
  "audit_log",
  {
    id: bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity(),
    at: instant("at").notNull(),
    who: text().notNull(),
    action: text().notNull(),
    subject: text().notNull(),
    reason: text(),
    before: jsonb(),
    after: jsonb(),
  },
  (entry) => [
    index("audit_log_by_subject").on(entry.subject, entry.id),
    index("audit_log_by_action").on(entry.action, entry.id),
    index("audit_log_by_time").on(entry.at, entry.id),
  ],
);

/**
 * Messages that no job could read, with the reason. The dead letters list them next to dead runs.
 * Retention: `archive_old_records` archives and deletes them after RUN_RETENTION_DAYS.
 */
export const deadMessages = platform.table(
  "dead_messages",
  {
    id: uuid().primaryKey(),
    queue: text().notNull(),
    messageId: text("message_id"),
    body: text().notNull(),
    reason: text().notNull(),
    receivedAt: instant("received_at").notNull(),
    resolvedAt: instant("resolved_at"),
  },
  (message) => [
    index("dead_messages_open")
      .on(message.id)
      .where(sql`resolved_at is null`),
    index("dead_messages_by_time").on(message.receivedAt, message.id),
  ],
);

/**
 * HTTP requests that started runs, by the Idempotency-Key of the client.
 * Retention: `rescue_stuck_runs` deletes keys after two days.
 */
export const idempotencyKeys = platform.table(
  "idempotency_keys",
  {
    key: text().primaryKey(),
    /** SHA-256 of the request. */
    fingerprint: text().notNull(),
    /** The started run. Null for several runs or a backfill: `response` then holds the response body. */
    runId: uuid("run_id"),
    response: jsonb().$type<Record<string, unknown>>(),
    createdAt: instant("created_at").notNull(),
  },
  (entry) => [index("idempotency_keys_by_age").on(entry.createdAt)],
);

/**
 * External effects that must happen once: the intent is written before the call, the outcome after it.
 * Retention: `archive_old_records` deletes completed ones after EFFECT_RETENTION_DAYS, when their run has left the
 * ledger.
 */
export const effects = platform.table(
  "effects",
  {
    key: text().primaryKey(),
    state: text().$type<"intended" | "done" | "parked">().notNull(),
    runId: uuid("run_id").notNull(),
    outcome: jsonb(),
    intendedAt: instant("intended_at").notNull(),
    settledAt: instant("settled_at"),
  },
  (effect) => [
    index("effects_parked")
      .on(effect.intendedAt)
      .where(sql`state = 'parked'`),
    index("effects_by_run").on(effect.runId),
    index("effects_done_by_time")
      .on(effect.settledAt, effect.key)
      .where(sql`state = 'done'`),
    check("effects_state", sql`state in ('intended', 'done', 'parked')`),
  ],
);

/**
 * One run for each slot of a past range, at low priority.
 * Retention: `archive_old_records` archives and deletes ended ones after RUN_RETENTION_DAYS, after their runs.
 */
export const backfills = platform.table(
  "backfills",
  {
    id: uuid().primaryKey(),
    jobId: text("job_id").notNull(),
    fromSlot: instant("from_slot").notNull(),
    toSlot: instant("to_slot").notNull(),
    /** The slots of the range, oldest first, as the schedule was at the request. */
    slots: jsonb()
      .$type<readonly string[]>()
      .notNull()
      .default(sql`'[]'::jsonb`),
    /** The number of `slots` that have a run or need none. */
    processed: integer().notNull().default(0),
    reason: text(),
    state: text().$type<"running" | "done" | "aborted">().notNull(),
    requestedBy: text("requested_by").notNull(),
    requestedAt: instant("requested_at").notNull(),
    endedAt: instant("ended_at"),
  },
  (backfill) => [
    uniqueIndex("backfills_one_per_job")
      .on(backfill.jobId)
      .where(sql`state = 'running'`),
    index("backfills_by_job").on(backfill.jobId, backfill.id),
    index("backfills_by_end")
      .on(backfill.endedAt, backfill.id)
      .where(sql`ended_at is not null`),
    check("backfills_state", sql`state in ('running', 'done', 'aborted')`),
    check("backfills_range", sql`from_slot <= to_slot`),
  ],
);

/**
 * The schedule in force of each scheduled job, so that the database knows which slots the ledger must have.
 * Retention: kept, one row per job.
 */
export const jobSchedules = platform.table("job_schedules", {
  jobId: text("job_id").primaryKey(),
  expression: text().notNull(),
  timeZone: text("time_zone").notNull(),
  /** No slot up to this instant is expected: the job was new, or its schedule changed. */
  expectedAfter: instant("expected_after").notNull(),
});

export type AuditEntry = typeof auditLog.$inferSelect;
export type Backfill = typeof backfills.$inferSelect;
export type Controls = typeof controls.$inferSelect;
export type Pause = typeof pauses.$inferSelect;
