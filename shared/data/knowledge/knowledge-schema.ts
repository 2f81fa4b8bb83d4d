import { sql } from "drizzle-orm";
import {
  type AnyPgColumn,
  bigint,
  check,
  customType,
  doublePrecision,
  type ExtraConfigColumn,
  foreignKey,
  index,
  integer,
  jsonb,
  pgSchema,
  primaryKey,
  text,
  timestamp,
  unique,
  uuid,
} from "drizzle-orm/pg-core";

export const knowledge = pgSchema("knowledge");

/** What is proposed and, once approved, known. */
export const KNOWLEDGE_KINDS = ["topic", "atom"] as const;
export type KnowledgeKind = (typeof KNOWLEDGE_KINDS)[number];
export const PROPOSAL_STATUSES = ["pending", "approved", "rejected", "merged"] as const;
export type ProposalStatus = (typeof PROPOSAL_STATUSES)[number];
/** `pending_twin`: similar to an entity that was approved after the proposal's scan. */
export const SIMILARITY_TYPES = ["exact", "semantic", "pending_twin"] as const;
export type SimilarityType = (typeof SIMILARITY_TYPES)[number];

/** The reviewer of what the jobs decide by themselves. */
export const SYSTEM_USER_ID = 1;

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
const count = (name: string) => bigint(name, { mode: "number" });
const sha256 = customType<{ data: Buffer; driverData: Buffer }>({ dataType: () => "bytea" });
const KINDS = sql`('topic', 'atom')`;

/**
 * One row per kind: how often the entities of the kind have changed. Each statement that adds or changes entities takes
 * the next version under the lock of this row, so versions are committed in their order: a transaction that reads
 * version 7 sees every change up to it. Retention: kept, one row per kind.
 */
export const entitySets = knowledge.table(
  "entity_sets",
  {
    kind: text().$type<KnowledgeKind>().primaryKey(),
    version: count("version").notNull().default(0),
    /** Every entity up to this version has a vector of `embeddedModel`, so that a scan looks at later ones only. */
    embeddedVersion: count("embedded_version").notNull().default(0),
    embeddedModel: text("embedded_model"),
  },
  () => [check("entity_sets_kind", sql`kind in ${KINDS}`)],
);

/** Columns of a topic and of an atom. Triggers fill both versions. */
const entityColumns = {
  id: count("id").primaryKey().generatedAlwaysAsIdentity(),
  /** SHA-256 of the normalised text that makes two entities the same: see `exactKey`. */
  exactKey: sha256("exact_key").notNull(),
  /** SHA-256 of the text that is embedded: see `contentHash`. */
  contentHash: sha256("content_hash").notNull(),
  /** The version of the set that this entity began. */
  createdVersion: count("created_version").notNull().default(0),
  /** The version of the set in which its text changed last. */
  version: count("version").notNull().default(0),
  createdAt: instant("created_at").notNull(),
};

/** What is known, by subject. Retention: kept, as it is what the review queue is for. */
export const topics = knowledge.table(
  "topics",
  { ...entityColumns, name: text().notNull(), description: text().notNull().default("") },
  (topic) => [
    unique("topics_created").on(topic.id, topic.createdVersion),
    index("topics_by_exact_key").on(topic.exactKey),
    index("topics_by_content").on(topic.contentHash),
    index("topics_by_version").on(topic.version),
    check("topics_name", sql`name <> ''`),
  ],
);

/** Single facts. Retention: kept, as they are what the review queue is for. */
export const atoms = knowledge.table(
  "atoms",
  {
    ...entityColumns,
    title: text().notNull(),
    content: text().notNull(),
    topicId: count("topic_id").references(() => topics.id, { onDelete: "set null" }),
    /** The proposal of its topic, while no topic has come of it. */
    topicProposalId: count("topic_proposal_id").references((): AnyPgColumn => topicProposals.id, {
      onDelete: "set null",
    }),
  },
  (atom) => [
    unique("atoms_created").on(atom.id, atom.createdVersion),
    index("atoms_by_exact_key").on(atom.exactKey),
    index("atoms_by_content").on(atom.contentHash),
    index("atoms_by_version").on(atom.version),
    index("atoms_of_topic").on(atom.topicId),
    index("atoms_of_topic_proposal").on(atom.topicProposalId),
    check("atoms_title", sql`title <> ''`),
    check("atoms_content", sql`content <> ''`),
  ],
);

/**
 * One request of messages to extract knowledge from.
 * Retention: `cleanup_orphaned_extractions` deletes a run without proposals after seven days; others are kept.
 */
export const extractionRuns = knowledge.table(
  "extraction_runs",
  {
    id: uuid().primaryKey(),
    state: text().$type<"queued" | "extracted" | "failed">().notNull().default("queued"),
    /** What read the messages: `rules`, or the name of the language model. Null until then. */
    extractor: text(),
    /** The run of `extract_knowledge`. */
    runId: uuid("run_id"),
    requestedBy: text("requested_by").notNull(),
    createdAt: instant("created_at").notNull(),
    finishedAt: instant("finished_at"),
    /** Why it failed. */
    error: text(),
  },
  (run) => [
    index("extraction_runs_by_time").on(run.createdAt, run.id),
    check("extraction_runs_state", sql`state in ('queued', 'extracted', 'failed')`),
    check("extraction_runs_finished", sql`(state = 'queued') = (finished_at is null)`),
    check("extraction_runs_error", sql`(state = 'failed') = (error is not null)`),
  ],
);

/**
 * Texts of people, the source of proposals.
 * Retention: deleted with their last extraction run.
 */
export const messages = knowledge.table(
  "messages",
  {
    id: uuid().primaryKey(),
    /** Where the message was written: a chat, a mailbox. */
    source: text().notNull(),
    /** The message's id in its source. */
    externalId: text("external_id").notNull(),
    author: text(),
    text: text().notNull(),
    sentAt: instant("sent_at"),
    createdAt: instant("created_at").notNull(),
    /** When its proposals were added: a message is extracted once, however many runs have it. */
    extractedAt: instant("extracted_at"),
  },
  (message) => [unique("messages_of_source").on(message.source, message.externalId)],
);

/** The messages of an extraction run. Retention: deleted with their run. */
export const extractionMessages = knowledge.table(
  "extraction_messages",
  {
    extractionRunId: uuid("extraction_run_id")
      .notNull()
      .references(() => extractionRuns.id, { onDelete: "cascade" }),
    messageId: uuid("message_id")
      .notNull()
      .references(() => messages.id, { onDelete: "cascade" }),
    /** The place of the message in its request, from 0. */
    position: integer().notNull(),
    /** Why this run could not extract it. */
    failure: text(),
  },
  (link) => [
    primaryKey({ name: "extraction_messages_link", columns: [link.extractionRunId, link.messageId] }),
    index("extraction_messages_of_message").on(link.messageId),
  ],
);

/** Columns of both kinds of proposals. */
const proposalColumns = {
  id: count("id").primaryKey().generatedAlwaysAsIdentity(),
  /** A run that has proposals cannot be deleted. */
  extractionRunId: uuid("extraction_run_id")
    .notNull()
    .references(() => extractionRuns.id, { onDelete: "restrict" }),
  /** The message that it was found in, while that is kept. */
  messageId: uuid("message_id").references(() => messages.id, { onDelete: "set null" }),
  /** From 0 to 1. */
  confidence: doublePrecision().notNull(),
  status: text().$type<ProposalStatus>().notNull().default("pending"),
  exactKey: sha256("exact_key").notNull(),
  contentHash: sha256("content_hash").notNull(),
  /** From 0 to 1; 1 for the same text. */
  similarityScore: doublePrecision("similarity_score"),
  similarityType: text("similarity_type").$type<SimilarityType>(),
  /** Every entity up to this version of its set was compared with the proposal. Null: not compared. */
  comparedVersion: count("compared_version"),
  /** The model of the embeddings that were compared. */
  comparedModel: text("compared_model"),
  /** Entities at or above it were searched: the comparison is not enough for a lower threshold. */
  comparedThreshold: doublePrecision("compared_threshold"),
  dedupScannedAt: instant("dedup_scanned_at"),
  reviewedByUserId: integer("reviewed_by_user_id"),
  /** The caller who decided; null for a job. */
  reviewedBy: text("reviewed_by"),
  reviewedAt: instant("reviewed_at"),
  reviewNotes: text("review_notes"),
  /** The changes of the row, for `If-Match`. A trigger counts them. */
  revision: integer().notNull().default(1),
  /** The version that the approved entity must begin. */
  approvedVersion: count("approved_version").generatedAlwaysAs(
    sql`case when status = 'approved' then compared_version + 1 end`,
  ),
  createdAt: instant("created_at").notNull(),
};

type ProposalColumn = "id" | "status" | "createdAt" | "extractionRunId" | "messageId" | "exactKey";

const proposalIndexes = (table: string, proposal: Readonly<Record<ProposalColumn, ExtraConfigColumn>>) => [
  index(`${table}_by_status`).on(proposal.status, proposal.id),
  index(`${table}_pending_by_age`)
    .on(proposal.createdAt, proposal.id)
    .where(sql`status = 'pending'`),
  index(`${table}_flagged`)
    .on(proposal.status, proposal.id)
    .where(sql`similarity_type is not null`),
  index(`${table}_of_run`).on(proposal.extractionRunId),
  index(`${table}_of_message`).on(proposal.messageId),
  index(`${table}_by_exact_key`)
    .on(proposal.exactKey)
    .where(sql`status = 'pending'`),
];

const proposalChecks = (table: string) => [
  check(`${table}_confidence`, sql`confidence between 0 and 1`),
  check(`${table}_status`, sql`status in ('pending', 'approved', 'rejected', 'merged')`),
  check(`${table}_approved`, sql`status <> 'approved' or compared_version is not null`),
  check(`${table}_reviewed`, sql`(status = 'pending') = (reviewed_at is null)`),
  check(`${table}_similarity`, sql`similarity_type in ('exact', 'semantic', 'pending_twin')`),
  check(`${table}_score`, sql`similarity_score between 0 and 1`),
  check(`${table}_compared`, sql`num_nulls(compared_version, compared_model, dedup_scanned_at) in (0, 3)`),
];

/**
 * Proposed topics. The database refuses an approval that was not compared with every topic: the topic that comes of it
 * must begin the version after the compared one.
 * Retention: kept, as the record of the review.
 */
export const topicProposals = knowledge.table(
  "topic_proposals",
  {
    ...proposalColumns,
    proposedName: text("proposed_name").notNull(),
    proposedDescription: text("proposed_description").notNull().default(""),
    similarTopicId: count("similar_topic_id").references(() => topics.id, { onDelete: "set null" }),
    /** The topic that was approved, or merged into. */
    topicId: count("topic_id").references(() => topics.id, { onDelete: "restrict" }),
  },
  (proposal) => [
    foreignKey({
      name: "topic_proposals_compared_before_approved",
      columns: [proposal.topicId, proposal.approvedVersion],
      foreignColumns: [topics.id, topics.createdVersion],
    }),
    ...proposalIndexes("topic_proposals", proposal),
    index("topic_proposals_of_topic").on(proposal.topicId),
    index("topic_proposals_similar").on(proposal.similarTopicId),
    check("topic_proposals_name", sql`proposed_name <> ''`),
    check("topic_proposals_entity", sql`(status in ('approved', 'merged')) = (topic_id is not null)`),
    ...proposalChecks("topic_proposals"),
  ],
);

/** Proposed atoms: see `topicProposals`. Retention: kept, as the record of the review. */
export const atomProposals = knowledge.table(
  "atom_proposals",
  {
    ...proposalColumns,
    proposedTitle: text("proposed_title").notNull(),
    proposedContent: text("proposed_content").notNull(),
    /** The existing topic that it belongs to. */
    topicId: count("topic_id").references(() => topics.id, { onDelete: "set null" }),
    /** The proposed topic that it belongs to: the topic that comes of it is the atom's. */
    topicProposalId: count("topic_proposal_id").references(() => topicProposals.id, { onDelete: "set null" }),
    similarAtomId: count("similar_atom_id").references(() => atoms.id, { onDelete: "set null" }),
    /** The atom that was approved, or merged into. */
    atomId: count("atom_id").references(() => atoms.id, { onDelete: "restrict" }),
  },
  (proposal) => [
    foreignKey({
      name: "atom_proposals_compared_before_approved",
      columns: [proposal.atomId, proposal.approvedVersion],
      foreignColumns: [atoms.id, atoms.createdVersion],
    }),
    ...proposalIndexes("atom_proposals", proposal),
    index("atom_proposals_of_atom").on(proposal.atomId),
    index("atom_proposals_similar").on(proposal.similarAtomId),
    index("atom_proposals_of_topic").on(proposal.topicId),
    index("atom_proposals_of_topic_proposal").on(proposal.topicProposalId),
    check("atom_proposals_title", sql`proposed_title <> ''`),
    check("atom_proposals_content", sql`proposed_content <> ''`),
    check("atom_proposals_entity", sql`(status in ('approved', 'merged')) = (atom_id is not null)`),
    ...proposalChecks("atom_proposals"),
  ],
);

/**
 * Snapshots of the review, one per kind each time.
 * Retention: `proposal_metrics_update` deletes snapshots after KNOWLEDGE_METRICS_RETENTION_DAYS.
 */
export const proposalMetrics = knowledge.table(
  "proposal_metrics",
  {
    takenAt: instant("taken_at").notNull(),
    kind: text().$type<KnowledgeKind>().notNull(),
    pending: integer().notNull(),
    approved: integer().notNull(),
    rejected: integer().notNull(),
    merged: integer().notNull(),
    /** Rates are shares from 0 to 1; null when there is nothing to divide by. */
    approvalRate: doublePrecision("approval_rate"),
    autoApprovalRate: doublePrecision("auto_approval_rate"),
    /** Of the proposals that were compared, the share that is flagged. */
    duplicateRate: doublePrecision("duplicate_rate"),
    /** Of the flagged proposals that a person decided, the share that was no new entity. */
    duplicateAccuracy: doublePrecision("duplicate_accuracy"),
    expirationRate: doublePrecision("expiration_rate"),
    averagePendingConfidence: doublePrecision("average_pending_confidence"),
    /** Seconds since the creation of the pending proposals that the automatic review is to approve. */
    queueAgeMean: doublePrecision("queue_age_mean"),
    queueAgeP95: doublePrecision("queue_age_p95"),
  },
  (snapshot) => [
    primaryKey({ name: "proposal_metrics_snapshot", columns: [snapshot.takenAt, snapshot.kind] }),
    check("proposal_metrics_kind", sql`kind in ${KINDS}`),
  ],
);

/** Every decision and every deletion of this family, by job or person. Retention: kept, as the record of the review. */
export const auditTrail = knowledge.table(
  "audit_trail",
  {
    id: count("id").primaryKey().generatedAlwaysAsIdentity(),
    at: instant("at").notNull(),
    /** A caller, or the id of a job. */
    who: text().notNull(),
    action: text().notNull(),
    /** `topic_proposal`, `atom_proposal`, `topic`, `atom` or `extraction_run`. */
    subjectType: text("subject_type").notNull(),
    subjectId: text("subject_id").notNull(),
    /** The run of the job that acted. */
    runId: uuid("run_id"),
    reason: text(),
    before: jsonb(),
    after: jsonb(),
  },
  (entry) => [
    index("audit_trail_by_subject").on(entry.subjectType, entry.subjectId, entry.id),
    index("audit_trail_by_time").on(entry.at, entry.id),
    check(
      "audit_trail_subject_type",
      sql`subject_type in ('topic_proposal', 'atom_proposal', 'topic', 'atom', 'extraction_run')`,
    ),
  ],
);

export type Topic = typeof topics.$inferSelect;
export type Atom = typeof atoms.$inferSelect;
export type ExtractionRun = typeof extractionRuns.$inferSelect;
export type KnowledgeMessage = typeof messages.$inferSelect;
export type TopicProposal = typeof topicProposals.$inferSelect;
export type AtomProposal = typeof atomProposals.$inferSelect;
export type ProposalMetrics = typeof proposalMetrics.$inferSelect;
export type KnowledgeAuditEntry = typeof auditTrail.$inferSelect;
