import { z } from "zod";

/** The live channel of the review of proposals. */
export const PROPOSALS_CHANNEL = "knowledge_proposals";
/** The live channel of the operators, which `shared/notifications` uses as well. */
export const OPERATORS_CHANNEL = "system_notifications";

const kind = z.enum(["topic", "atom"]);
const share = z.number().min(0).max(1);
const count = z.int().min(0);

/** The automatic review approved a proposal. */
export const proposalAutoApproved = z.strictObject({
  kind,
  proposalId: z.int(),
  /** The topic or atom that came of it. */
  entityId: z.int(),
  /** The proposed name of a topic, or title of an atom. */
  title: z.string(),
  confidence: share,
  runId: z.uuid(),
});

/** A proposal is similar to something known and waits for a person. */
export const proposalDuplicateDetected = z.strictObject({
  kind,
  proposalId: z.int(),
  title: z.string(),
  /** The known topic or atom. */
  similarEntityId: z.int(),
  /** 1 for the same text. */
  similarityScore: share,
  similarityType: z.enum(["exact", "semantic", "pending_twin"]),
  runId: z.uuid(),
});

/** Pending proposals were rejected because of their age. */
export const proposalsExpired = z.strictObject({
  topicsExpired: count,
  atomsExpired: count,
  totalExpired: count,
  /** KNOWLEDGE_PROPOSAL_EXPIRATION_DAYS at that time. */
  expirationDays: z.int().min(1),
  runId: z.uuid(),
});

/** The figures of one kind: docs/knowledge.md defines each. Rates are null when there is nothing to divide by. */
export const proposalFigures = z.strictObject({
  pending: count,
  approved: count,
  rejected: count,
  merged: count,
  approvalRate: share.nullable(),
  autoApprovalRate: share.nullable(),
  duplicateRate: share.nullable(),
  duplicateAccuracy: share.nullable(),
  expirationRate: share.nullable(),
  averagePendingConfidence: share.nullable(),
  /** Seconds. */
  queueAgeMean: z.number().min(0).nullable(),
  /** Seconds. */
  queueAgeP95: z.number().min(0).nullable(),
});

/** A new snapshot of the metrics was stored. */
export const proposalsMetricsUpdated = z.strictObject({
  takenAt: z.iso.datetime(),
  topics: proposalFigures,
  atoms: proposalFigures,
});

/** A job met an error that operators should see before its run ends. */
export const jobError = z.strictObject({
  /** The id of the job. */
  jobName: z.string(),
  /** What failed, without secrets. */
  message: z.string(),
  /** Ids, such as `{ kind: "topic", proposalId: 7, runId: "…" }`. */
  context: z.record(z.string(), z.unknown()),
  /** `critical`: it concerns many proposals or the whole system. */
  severity: z.enum(["error", "critical"]),
});

export type ProposalFigures = z.infer<typeof proposalFigures>;
export type ProposalsMetrics = z.infer<typeof proposalsMetricsUpdated>;

/** The live events of the review: their channel and the schema of their data. */
export const KNOWLEDGE_EVENTS = {
  "proposal.auto_approved": { channel: PROPOSALS_CHANNEL, data: proposalAutoApproved },
  "proposal.duplicate_detected": { channel: PROPOSALS_CHANNEL, data: proposalDuplicateDetected },
  "proposals.expired": { channel: PROPOSALS_CHANNEL, data: proposalsExpired },
  "proposals.metrics_updated": { channel: PROPOSALS_CHANNEL, data: proposalsMetricsUpdated },
  "job.error": { channel: OPERATORS_CHANNEL, data: jobError },
} as const;

type KnowledgeEvents = typeof KNOWLEDGE_EVENTS;
export type KnowledgeEventType = keyof KnowledgeEvents;

/**
 * A live event of the review, for `publish(tx, [event])`.
 * @example knowledgeEvent("proposals.expired", { topicsExpired: 1, atomsExpired: 2, totalExpired: 3, … })
 */
export function knowledgeEvent<Type extends KnowledgeEventType>(
  type: Type,
  data: z.infer<KnowledgeEvents[Type]["data"]>,
): { type: Type; channel: KnowledgeEvents[Type]["channel"]; data: z.infer<KnowledgeEvents[Type]["data"]> } {
  return { type, channel: KNOWLEDGE_EVENTS[type].channel, data };
}
