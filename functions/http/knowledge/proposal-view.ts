import { z } from "zod";
import type { Executor } from "#data/client.ts";
import {
  KNOWLEDGE_KINDS,
  type KnowledgeKind,
  PROPOSAL_STATUSES,
  SIMILARITY_TYPES,
} from "#data/knowledge/knowledge-schema.ts";
import { findProposal, type ProposalRow } from "#data/knowledge/list-proposals.ts";
import { checkIfMatch, entityTag } from "#http/precondition.ts";
import { notFound, Problem } from "#http/problem.ts";

const instant = z.iso.datetime();

export const kind = z.enum(KNOWLEDGE_KINDS);
export const rowNumber = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
/** The parameters of a path to a proposal: ids of the two kinds are counted separately. */
export const proposalPath = z.strictObject({ kind, id: rowNumber });

/** A proposal as the API shows it. */
export const proposalSchema = z.object({
  kind,
  id: z.int(),
  title: z.string().describe("The proposed name of a topic, or title of an atom"),
  text: z.string().describe("The proposed description of a topic, or content of an atom"),
  confidence: z.number(),
  status: z.enum(PROPOSAL_STATUSES),
  extraction: z.uuid(),
  message: z.uuid().nullable(),
  topic: z
    .object({ id: z.int().nullable(), name: z.string().nullable(), proposal: z.int().nullable() })
    .nullable()
    .describe("Of an atom: its topic, or the proposal of it"),
  similar: z
    .object({
      id: z.int().nullable().describe("Null: it was deleted after the decision"),
      title: z.string().nullable(),
      text: z.string().nullable(),
      score: z.number(),
      type: z.enum(SIMILARITY_TYPES),
    })
    .nullable()
    .describe("The known topic or atom that it repeats"),
  comparedAt: instant.nullable().describe("Null: the next deduplication_scan compares it"),
  entity: z.int().nullable().describe("The topic or atom that came of it, or that it was merged into"),
  reviewedByUserId: z.int().nullable().describe("1 is the system"),
  reviewedBy: z
    .string()
    .nullable()
    .describe("The caller who decided; of a pending proposal: who has undone a decision"),
  reviewedAt: instant.nullable(),
  reviewNotes: z.string().nullable(),
  createdAt: instant,
});

export function proposalView({
  extractionRunId: extraction,
  messageId: message,
  topicId,
  topicName,
  topicProposalId,
  entityId: entity,
  revision: _,
  ...proposal
}: ProposalRow): z.input<typeof proposalSchema> {
  const hasTopic = topicId !== null || topicProposalId !== null;
  const topic = hasTopic ? { id: topicId, name: topicName, proposal: topicProposalId } : null;
  return { ...proposal, extraction, message, topic, entity };
}

/** The entity tag of a proposal. A scan that finds nothing does not change it. */
export function proposalTag({ kind, id, revision }: Pick<ProposalRow, "kind" | "id" | "revision">): string {
  return entityTag([kind, id, revision]);
}

/** @throws Problem 404 */
export async function proposalOr404(db: Executor, kind: KnowledgeKind, id: number): Promise<ProposalRow> {
  const found = await findProposal(db, kind, id);
  if (found) return found;
  throw notFound(`there is no ${kind} proposal ${id}`);
}

/** @throws Problem 428 without `If-Match`, 412 when the proposal has changed since the caller read it */
export function checkSeen(header: string | null, proposal: ProposalRow): void {
  if (header === null) {
    const reason = "expected the ETag of the proposal, so that a person decides about what they have seen";
    throw new Problem(428, "precondition-required", `If-Match: ${reason}`, { errors: [{ field: "If-Match", reason }] });
  }
  checkIfMatch(header, proposalTag(proposal));
}
