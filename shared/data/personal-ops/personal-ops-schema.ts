import { type SQL, sql } from "drizzle-orm";
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  customType,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgSchema,
  text,
  timestamp,
  unique,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { SEVERITIES, type Severity } from "../platform/notification-schema.ts";

export const personalOps = pgSchema("personal_ops");

/** Who or what acted: a job, an operator, the person by hand, or a message that was sent or suppressed. */
export const ACTION_TYPES = ["job", "control", "manual", "communication"] as const;
export type ActionType = (typeof ACTION_TYPES)[number];
export const RETRY_STATUSES = ["pending", "completed", "dead"] as const;
export type RetryStatus = (typeof RETRY_STATUSES)[number];
export const INCIDENT_STATUSES = ["open", "acknowledged", "resolved"] as const;
export type IncidentStatus = (typeof INCIDENT_STATUSES)[number];
export const PATTERN_TYPES = ["repeated_failure", "repeated_correction", "daily_action", "action_sequence"] as const;
export type PatternType = (typeof PATTERN_TYPES)[number];
export const DECISION_STATUSES = ["pending", "approved", "rejected"] as const;
export type DecisionStatus = (typeof DECISION_STATUSES)[number];
/** `canonical`: a person wrote it as a rule. `inferred`: a system said so. */
export const AUTHORITIES = ["canonical", "inferred"] as const;
export type Authority = (typeof AUTHORITIES)[number];
/** What is synchronised into the memory. */
export const SOURCES = ["notion", "n8n", "hubspot", "chat"] as const;
export type Source = (typeof SOURCES)[number];
/** The most proposals of an hour. */
export const PROPOSALS_AN_HOUR = 10;

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
const identity = () => bigint({ mode: "number" }).primaryKey().generatedAlwaysAsIdentity();
const archived = () => boolean().notNull().default(false);
const sha256 = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => "bytea" });
const oneOf = (values: readonly string[]): SQL => sql.raw(`(${values.map((value) => `'${value}'`).join(", ")})`);

/**
 * Everything that the family did, tried or was kept from: one row for each attempt of a job, each action of a person,
 * each message.
 * Retention: kept; `cleanup_old_data` marks rows older than 365 days as archived.
 */
export const agentAuditLog = personalOps.table(
  "agent_audit_log",
  {
    id: identity(),
    at: instant("at").notNull(),
    /** The id of a job, or a verb with its object: `incident acknowledged`. */
    action: text().notNull(),
    actionType: text("action_type").$type<ActionType>().notNull(),
    /** The job's id again, or the caller. */
    actor: text().notNull(),
    runId: uuid("run_id"),
    attempt: integer(),
    success: boolean().notNull(),
    /** Why it did not succeed: the failure, or the gate that kept it from running. */
    error: text(),
    durationMs: bigint("duration_ms", { mode: "number" }),
    output: jsonb().$type<Record<string, unknown>>(),
    archived: archived(),
  },
  (entry) => [
    index("agent_audit_log_live")
      .on(entry.at, entry.id)
      .where(sql`not archived`),
    index("agent_audit_log_live_by_action")
      .on(entry.action, entry.at, entry.id)
      .where(sql`not archived`),
    index("agent_audit_log_live_by_type")
      .on(entry.actionType, entry.at, entry.id)
      .where(sql`not archived`),
    index("agent_audit_log_by_run").on(entry.runId),
    check("agent_audit_log_type", sql`action_type in ${oneOf(ACTION_TYPES)}`),
    check("agent_audit_log_error", sql`success or error is not null`),
    check("agent_audit_log_duration", sql`duration_ms >= 0`),
  ],
);

/**
 * Small pieces of work that are tried again until they succeed.
 * Retention: kept; `cleanup_old_data` marks rows that were completed more than 30 days ago as archived.
 */
export const retryJobs = personalOps.table(
  "retry_jobs",
  {
    id: identity(),
    /** Which handler does the work. */
    kind: text().notNull(),
    payload: jsonb().$type<Record<string, unknown>>().notNull(),
    /** A second row with the key of an open one is not added. */
    dedupeKey: text("dedupe_key"),
    status: text().$type<RetryStatus>().notNull().default("pending"),
    attempts: integer().notNull().default(0),
    maxAttempts: integer("max_attempts").notNull().default(5),
    runAt: instant("run_at").notNull(),
    lastError: text("last_error"),
    createdAt: instant("created_at").notNull(),
    finishedAt: instant("finished_at"),
    archived: archived(),
  },
  (job) => [
    index("retry_jobs_due")
      .on(job.runAt, job.id)
      .where(sql`status = 'pending'`),
    index("retry_jobs_live")
      .on(job.status, job.id)
      .where(sql`not archived`),
    index("retry_jobs_finished")
      .on(job.finishedAt, job.id)
      .where(sql`status = 'completed' and not archived`),
    uniqueIndex("retry_jobs_one_open")
      .on(job.kind, job.dedupeKey)
      .where(sql`status = 'pending' and dedupe_key is not null`),
    check("retry_jobs_status", sql`status in ${oneOf(RETRY_STATUSES)}`),
    check("retry_jobs_attempts", sql`attempts between 0 and max_attempts and max_attempts between 1 and 20`),
    check("retry_jobs_finished_at", sql`(status = 'pending') = (finished_at is null)`),
    check("retry_jobs_error", sql`status <> 'dead' or last_error is not null`),
  ],
);

/**
 * Pieces of work that failed in all their attempts, until a person replays or dismisses them.
 * Retention: kept, with the decision about each.
 */
export const deadLetterJobs = personalOps.table(
  "dead_letter_jobs",
  {
    id: identity(),
    retryJobId: bigint("retry_job_id", { mode: "number" })
      .notNull()
      .references(() => retryJobs.id),
    kind: text().notNull(),
    payload: jsonb().$type<Record<string, unknown>>().notNull(),
    error: text().notNull(),
    attempts: integer().notNull(),
    diedAt: instant("died_at").notNull(),
    resolvedAt: instant("resolved_at"),
    resolution: text().$type<"replayed" | "dismissed">(),
    resolvedBy: text("resolved_by"),
    reason: text(),
  },
  (job) => [
    unique("dead_letter_jobs_of_retry_job").on(job.retryJobId),
    index("dead_letter_jobs_open")
      .on(job.id)
      .where(sql`resolved_at is null`),
    check("dead_letter_jobs_resolution", sql`resolution in ('replayed', 'dismissed')`),
    check(
      "dead_letter_jobs_resolved",
      sql`(resolved_at is null) = (resolution is null) and (resolved_at is null) = (resolved_by is null)`,
    ),
  ],
);

/**
 * What is wrong. At most one that is not resolved per type and key, and at most one that began in an hour.
 * Retention: kept; `cleanup_old_data` marks those resolved more than 90 days ago as archived.
 */
export const incidents = personalOps.table(
  "incidents",
  {
    id: identity(),
    /** What kind of trouble: `workflow_failures`, `health_alert`. */
    type: text().notNull(),
    /** What has it: the id of a workflow, the name of a provider. */
    key: text().notNull(),
    severity: text().$type<Severity>().notNull(),
    title: text().notNull(),
    detail: text().notNull().default(""),
    status: text().$type<IncidentStatus>().notNull().default("open"),
    occurrences: integer().notNull().default(1),
    firstSeen: instant("first_seen").notNull(),
    /** The last time that its cause was seen. */
    lastSeen: instant("last_seen").notNull(),
    /** The hour of `firstSeen` in UTC. */
    hour: timestamp("hour", { precision: 0 })
      .notNull()
      .generatedAlwaysAs(sql`date_trunc('hour', first_seen at time zone 'UTC')`),
    acknowledgedAt: instant("acknowledged_at"),
    acknowledgedBy: text("acknowledged_by"),
    resolvedAt: instant("resolved_at"),
    /** The caller, or the job that no longer saw the cause. */
    resolvedBy: text("resolved_by"),
    resolution: text(),
    archived: archived(),
  },
  (incident) => [
    uniqueIndex("incidents_one_unresolved")
      .on(incident.type, incident.key)
      .where(sql`status <> 'resolved'`),
    unique("incidents_one_an_hour").on(incident.type, incident.key, incident.hour),
    index("incidents_live")
      .on(incident.status, incident.id)
      .where(sql`not archived`),
    index("incidents_unresolved_by_last_seen")
      .on(incident.lastSeen)
      .where(sql`status <> 'resolved'`),
    index("incidents_resolved")
      .on(incident.resolvedAt, incident.id)
      .where(sql`status = 'resolved' and not archived`),
    check("incidents_status", sql`status in ${oneOf(INCIDENT_STATUSES)}`),
    check("incidents_severity", sql`severity in ${oneOf(SEVERITIES)}`),
    check("incidents_not_empty", sql`type <> '' and key <> '' and title <> ''`),
    check("incidents_occurrences", sql`occurrences > 0 and first_seen <= last_seen`),
    check(
      "incidents_resolved_at",
      sql`(status = 'resolved') = (resolved_at is not null) and (resolved_at is null) = (resolved_by is null)`,
    ),
    check(
      "incidents_acknowledged_at",
      sql`(acknowledged_at is null) = (acknowledged_by is null) and (status <> 'acknowledged' or acknowledged_at is not null)`,
    ),
  ],
);

/**
 * What repeats itself in the person's work. One row per fingerprint.
 * Retention: kept, one row per thing that repeats.
 */
export const patterns = personalOps.table(
  "patterns",
  {
    id: identity(),
    type: text().$type<PatternType>().notNull(),
    /** The same pattern has the same one in each scan. */
    fingerprint: text().notNull(),
    /** From 0 to 1. */
    confidence: doublePrecision().notNull(),
    title: text().notNull(),
    evidence: jsonb().$type<Record<string, unknown>>().notNull(),
    /** The number of scans that found it. */
    occurrences: integer().notNull().default(1),
    firstSeen: instant("first_seen").notNull(),
    lastSeen: instant("last_seen").notNull(),
  },
  (pattern) => [
    unique("patterns_fingerprint").on(pattern.fingerprint),
    check("patterns_type", sql`type in ${oneOf(PATTERN_TYPES)}`),
    check("patterns_confidence", sql`confidence between 0 and 1`),
    check("patterns_occurrences", sql`occurrences > 0 and first_seen <= last_seen`),
  ],
);

/**
 * What the system offers to do about a pattern, for the person to decide. None twice for a pattern, ten an hour.
 * Retention: kept, as they are the person's decisions.
 */
export const proposals = personalOps.table(
  "proposals",
  {
    id: identity(),
    patternId: bigint("pattern_id", { mode: "number" })
      .notNull()
      .references(() => patterns.id),
    title: text().notNull(),
    body: text().notNull(),
    /** Of the pattern, when it was proposed. */
    confidence: doublePrecision().notNull(),
    status: text().$type<DecisionStatus>().notNull().default("pending"),
    createdAt: instant("created_at").notNull(),
    /** The hour of `createdAt` in UTC. */
    hour: timestamp("hour", { precision: 0 })
      .notNull()
      .generatedAlwaysAs(sql`date_trunc('hour', created_at at time zone 'UTC')`),
    /** The number of the proposal in its hour, from 1. */
    placeInHour: integer("place_in_hour").notNull(),
    decidedAt: instant("decided_at"),
    decidedBy: text("decided_by"),
    reason: text(),
    /** The changes of the row, for `If-Match`. */
    revision: integer().notNull().default(1),
  },
  (proposal) => [
    unique("proposals_of_pattern").on(proposal.patternId),
    unique("proposals_places_of_hour").on(proposal.hour, proposal.placeInHour),
    index("proposals_by_status").on(proposal.status, proposal.id),
    check("proposals_status", sql`status in ${oneOf(DECISION_STATUSES)}`),
    check("proposals_confidence", sql`confidence between 0 and 1`),
    check("proposals_place", sql.raw(`place_in_hour between 1 and ${PROPOSALS_AN_HOUR}`)),
    check(
      "proposals_decided",
      sql`(status = 'pending') = (decided_at is null) and (decided_at is null) = (decided_by is null)`,
    ),
  ],
);

/**
 * What the person corrected in something that the system did or said.
 * Retention: kept, as they are the person's own words.
 */
export const corrections = personalOps.table(
  "corrections",
  {
    id: identity(),
    at: instant("at").notNull(),
    /** What was corrected: an action, the key of a memory item. */
    subject: text().notNull(),
    wrong: text().notNull(),
    right: text().notNull(),
    correctedBy: text("corrected_by").notNull(),
    /** The chat message that has it. */
    chatMessageId: bigint("chat_message_id", { mode: "number" }).references(() => chatMessages.id),
  },
  (correction) => [
    index("corrections_by_time").on(correction.at, correction.id),
    unique("corrections_of_message").on(correction.chatMessageId),
    check("corrections_subject", sql`subject <> ''`),
  ],
);

/**
 * What the system remembers. A change adds an item that supersedes the one before; nothing is overwritten.
 * Retention: kept, with the superseded ones.
 */
export const memoryItems = personalOps.table(
  "memory_items",
  {
    id: identity(),
    /** Names the thing: `notion.page.<id>`, `hubspot.contact.<id>`. */
    key: text().notNull(),
    title: text().notNull().default(""),
    value: text().notNull(),
    /** Fields of the source. */
    data: jsonb()
      .$type<Record<string, unknown>>()
      .notNull()
      .default(sql`'{}'::jsonb`),
    authority: text().$type<Authority>().notNull(),
    sourceType: text("source_type").$type<Source>().notNull(),
    sourceId: text("source_id").notNull(),
    /** SHA-256 of what the source says: the same hash changes nothing. */
    contentHash: sha256("content_hash").notNull(),
    supersededBy: bigint("superseded_by", { mode: "number" }).references((): AnyPgColumn => memoryItems.id),
    supersedeReason: text("supersede_reason"),
    validFrom: instant("valid_from").notNull(),
    validTo: instant("valid_to"),
  },
  (item) => [
    uniqueIndex("memory_items_one_valid")
      .on(item.key)
      .where(sql`valid_to is null`),
    index("memory_items_by_key").on(item.key, item.id),
    index("memory_items_superseded_by").on(item.supersededBy),
    index("memory_items_search")
      .using("gin", sql`to_tsvector('simple', title || ' ' || left(value, 100000))`)
      .where(sql`valid_to is null`),
    check("memory_items_key", sql`key <> ''`),
    check("memory_items_authority", sql`authority in ${oneOf(AUTHORITIES)}`),
    check("memory_items_source", sql`source_type in ${oneOf(SOURCES)}`),
    check("memory_items_hash", sql`octet_length(content_hash) = 32`),
    check(
      "memory_items_superseded",
      sql`(superseded_by is null or valid_to is not null) and (valid_to is null) = (supersede_reason is null)`,
    ),
    check("memory_items_validity", sql`valid_from <= valid_to`),
  ],
);

/**
 * The last synchronisation of each source, and how far it has come.
 * Retention: kept, one row per source.
 */
export const dataSourceSync = personalOps.table(
  "data_source_sync",
  {
    source: text().$type<Source>().primaryKey(),
    /** The run that synchronises, or the last one: while its lease lasts no other run may. */
    runId: uuid("run_id"),
    startedAt: instant("started_at").notNull(),
    completedAt: instant("completed_at"),
    /** Null while it runs. */
    success: boolean(),
    items: integer().notNull().default(0),
    error: text(),
    consecutiveFailures: integer("consecutive_failures").notNull().default(0),
    /** Up to where everything is committed. Its form is the source's own. */
    watermark: jsonb().$type<Record<string, unknown>>(),
  },
  () => [
    check("data_source_sync_source", sql`source in ${oneOf(SOURCES)}`),
    check("data_source_sync_completed", sql`(success is null) = (completed_at is null)`),
    check("data_source_sync_error", sql`success is distinct from false or error is not null`),
    check("data_source_sync_counts", sql`items >= 0 and consecutive_failures >= 0`),
  ],
);

/**
 * Executions of workflows of n8n that failed.
 * Retention: kept, as the history of each workflow.
 */
export const workflowExecutions = personalOps.table(
  "workflow_executions",
  {
    id: identity(),
    source: text().$type<Source>().notNull(),
    executionId: text("execution_id").notNull(),
    workflowId: text("workflow_id").notNull(),
    workflowName: text("workflow_name"),
    status: text().notNull(),
    startedAt: instant("started_at"),
    stoppedAt: instant("stopped_at"),
    error: text(),
    storedAt: instant("stored_at").notNull(),
  },
  (execution) => [
    unique("workflow_executions_of_source").on(execution.source, execution.executionId),
    index("workflow_executions_of_workflow").on(execution.workflowId, execution.storedAt),
    index("workflow_executions_by_time").on(execution.storedAt, execution.id),
    check("workflow_executions_ids", sql`execution_id <> '' and workflow_id <> '' and status <> ''`),
  ],
);

/**
 * What the person and the system wrote to each other.
 * Retention: kept, as the source of corrections.
 */
export const chatMessages = personalOps.table(
  "chat_messages",
  {
    id: identity(),
    /** Where it was written: a chat. */
    chat: text().notNull(),
    /** The message's id in its chat. */
    externalId: text("external_id").notNull(),
    direction: text().$type<"from_person" | "to_person">().notNull(),
    text: text().notNull(),
    sentAt: instant("sent_at").notNull(),
    storedAt: instant("stored_at").notNull(),
  },
  (message) => [
    unique("chat_messages_of_chat").on(message.chat, message.externalId),
    index("chat_messages_by_time").on(message.sentAt, message.id),
    check("chat_messages_direction", sql`direction in ('from_person', 'to_person')`),
    check("chat_messages_ids", sql`chat <> '' and external_id <> ''`),
  ],
);

export type AgentAuditEntry = typeof agentAuditLog.$inferSelect;
export type Incident = typeof incidents.$inferSelect;
export type MemoryItem = typeof memoryItems.$inferSelect;
export type RetryJob = typeof retryJobs.$inferSelect;
