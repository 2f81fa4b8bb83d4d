import { sql } from "drizzle-orm";
import type { Tx } from "../client.ts";
import { at } from "../sql-instant.ts";
import { tablesOf } from "./kind-tables.ts";
import { atomProposals, atoms, type KnowledgeKind } from "./knowledge-schema.ts";
import type { Decision } from "./review-approval.ts";

/** Rejects a locked proposal, or merges it into an entity. */
export async function decide(
  tx: Tx,
  kind: KnowledgeKind,
  id: number,
  { into, decision }: { into: number | null; decision: Decision },
): Promise<void> {
  const { proposals, entityId } = tablesOf(kind);
  await tx.execute(sql`
    update ${proposals}
       set status = ${into === null ? "rejected" : "merged"}, ${entityId} = ${into ?? sql`${entityId}`},
           reviewed_by_user_id = ${decision.reviewedByUserId}::integer, reviewed_by = ${decision.reviewedBy}::text,
           reviewed_at = ${at(decision.at)}, review_notes = ${decision.notes}::text
     where id = ${id}`);
}

/** Keeps an entity from being deleted until the transaction ends. @returns its title, or undefined without it */
export async function holdEntity(tx: Tx, kind: KnowledgeKind, id: number): Promise<string | undefined> {
  const { entities, title } = tablesOf(kind);
  const [row] = await tx.execute<{ title: string }>(sql`
    select ${title} as title from ${entities} where id = ${id} for key share`);
  return row?.title;
}

/** The atom proposals of a merged topic proposal belong to the topic that it was merged into. */
export async function moveAtomProposals(tx: Tx, topicProposalId: number, topicId: number): Promise<void> {
  await tx.execute(sql`
    update ${atomProposals} set topic_id = ${topicId}
     where topic_proposal_id = ${topicProposalId} and topic_id is null and status in ('pending', 'rejected')`);
}

/**
 * Takes the topic that came of a proposal back from the atoms that were proposed with it: they wait for that proposal
 * again.
 */
export async function releaseAtoms(tx: Tx, topicProposalId: number, topicId: number): Promise<void> {
  await tx.execute(sql`
    update ${atoms} atom set topic_id = null, topic_proposal_id = ${topicProposalId}
      from ${atomProposals} proposal
     where proposal.atom_id = atom.id and proposal.status = 'approved'
       and proposal.topic_proposal_id = ${topicProposalId} and atom.topic_id = ${topicId}`);
  await tx.execute(sql`
    update ${atomProposals} set topic_id = null
     where topic_proposal_id = ${topicProposalId} and topic_id = ${topicId}`);
}

/**
 * Makes a decided proposal pending again. Its comparison is void, so the next scan compares it. Its reviewer stays: the
 * automatic review leaves such a proposal to a person.
 */
export async function reopen(
  tx: Tx,
  kind: KnowledgeKind,
  id: number,
  { by, notes }: { by: string; notes: string },
): Promise<void> {
  const { proposals, similarId, entityId } = tablesOf(kind);
  await tx.execute(sql`
    update ${proposals}
       set status = 'pending', ${entityId} = null, ${similarId} = null, similarity_score = null, similarity_type = null,
           compared_version = null, compared_model = null, compared_threshold = null, dedup_scanned_at = null,
           reviewed_by_user_id = null, reviewed_by = ${by}, reviewed_at = null, review_notes = ${notes}
     where id = ${id}`);
}

/** The proposals that were merged into an entity, at most 20. */
export async function mergedInto(
  tx: Tx,
  kind: KnowledgeKind,
  entity: number,
): Promise<readonly { readonly id: number; readonly title: string }[]> {
  const { proposals, proposedTitle, entityId } = tablesOf(kind);
  return tx.execute<{ id: number; title: string }>(sql`
    select id::float8 as id, ${proposedTitle} as title from ${proposals}
     where ${entityId} = ${entity} and status = 'merged' order by id limit 20`);
}

/** Deletes an entity. @returns what it was, for the audit */
export async function deleteEntity(tx: Tx, kind: KnowledgeKind, id: number): Promise<Record<string, unknown>> {
  const { entities, title, body } = tablesOf(kind);
  const [row] = await tx.execute<{ title: string; text: string }>(sql`
    delete from ${entities} where id = ${id} returning ${title} as title, ${body} as text`);
  return { ...row };
}
