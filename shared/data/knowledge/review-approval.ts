import { type SQL, sql } from "drizzle-orm";
import type { Tx } from "../client.ts";
import { at } from "../sql-instant.ts";
import { type Compared, setCompared } from "./compared.ts";
import { tablesOf } from "./kind-tables.ts";
import {
  atomProposals,
  atoms,
  type KnowledgeKind,
  type ProposalStatus,
  topicProposals,
  topics,
} from "./knowledge-schema.ts";

/** A proposal that is locked until the transaction ends. */
export interface LockedProposal {
  readonly id: number;
  readonly status: ProposalStatus;
  readonly title: string;
  readonly confidence: number;
  readonly exactKey: Buffer;
  readonly contentHash: Buffer;
  readonly similarId: number | null;
  readonly similarityScore: number | null;
  readonly comparedVersion: number | null;
  readonly comparedModel: string | null;
  readonly comparedThreshold: number | null;
}

/** Locks a proposal. @returns undefined when there is none with this id */
export async function lockProposal(tx: Tx, kind: KnowledgeKind, id: number): Promise<LockedProposal | undefined> {
  const { proposals, proposedTitle, similarId } = tablesOf(kind);
  const [row] = await tx.execute<LockedProposal & Record<string, unknown>>(sql`
    select id::float8 as id, status, ${proposedTitle} as title, confidence, exact_key as "exactKey",
           content_hash as "contentHash", ${similarId}::float8 as "similarId", similarity_score as "similarityScore",
           compared_version::float8 as "comparedVersion", compared_model as "comparedModel",
           compared_threshold as "comparedThreshold"
      from ${proposals} where id = ${id} for no key update`);
  return row;
}

export interface NewerEntity {
  readonly id: number;
  readonly contentHash: Buffer;
  readonly isExact: boolean;
}

/**
 * The entities of a set that a proposal was not compared with, the one with the same exact key first.
 * @param limit of the others
 */
export async function newerEntities(
  tx: Tx,
  kind: KnowledgeKind,
  { exactKey, after, except, limit }: { exactKey: Buffer; after: number; except: number | null; limit: number },
): Promise<readonly NewerEntity[]> {
  const { entities } = tablesOf(kind);
  const isNewer = sql`version > ${after} and id is distinct from ${except}::bigint`;
  const rows = await tx.execute<NewerEntity & Record<string, unknown>>(sql`
    (select id::float8 as id, content_hash as "contentHash", true as "isExact"
       from ${entities} where exact_key = ${exactKey} and ${isNewer} order by id limit 1)
    union all
    (select id::float8, content_hash, false from ${entities} where ${isNewer} order by version limit ${limit})`);
  return rows;
}

/**
 * Flags a locked proposal as similar to an entity that is newer than its scan.
 * @returns false when the entity has been deleted meanwhile
 */
export async function flagTwin(
  tx: Tx,
  kind: KnowledgeKind,
  id: number,
  { entityId, score, compared, now }: { entityId: number; score: number; compared: Compared; now: Date },
): Promise<boolean> {
  const { entities, proposals, similarId } = tablesOf(kind);
  const flagged = await tx.execute(sql`
    with entity as (select id from ${entities} where id = ${entityId} for key share)
    update ${proposals} as proposal
       set ${similarId} = entity.id, similarity_score = ${score}, similarity_type = 'pending_twin',
           ${setCompared(compared)}, dedup_scanned_at = ${at(now)}
      from entity where proposal.id = ${id}`);
  return flagged.count > 0;
}

/** Lets the next scan compare a locked proposal with every entity again. */
export async function forgetComparison(tx: Tx, kind: KnowledgeKind, id: number): Promise<void> {
  await tx.execute(sql`
    update ${tablesOf(kind).proposals}
       set compared_version = null, compared_model = null, compared_threshold = null, dedup_scanned_at = null
     where id = ${id}`);
}

/** The decision of a reviewer. */
export interface Decision {
  readonly reviewedByUserId: number | null;
  readonly reviewedBy: string | null;
  readonly notes: string | null;
  readonly at: Date;
}

/**
 * Makes the entity of a locked proposal and approves the proposal, in one statement. The set is locked as well:
 * otherwise the database refuses an entity that does not begin the version after the compared one.
 * @returns the entity's id
 */
export async function insertApproved(
  tx: Tx,
  kind: KnowledgeKind,
  id: number,
  { decision, compared }: { decision: Decision; compared: Compared },
): Promise<number> {
  const { proposals, entityId } = tablesOf(kind);
  const now = at(decision.at);
  const [row] = await tx.execute<{ entityId: number }>(sql`
    with entity as (${kind === "topic" ? newTopic(id, now) : newAtom(id, now)})
    update ${proposals} as proposal
       set status = 'approved', ${entityId} = entity.id, ${setCompared(compared)},
           dedup_scanned_at = coalesce(proposal.dedup_scanned_at, ${now}), reviewed_by_user_id = ${decision.reviewedByUserId}::integer,
           reviewed_by = ${decision.reviewedBy}::text, reviewed_at = ${now}, review_notes = ${decision.notes}::text
      from entity where proposal.id = ${id}
    returning proposal.${entityId}::float8 as "entityId"`);
  return row!.entityId;
}

function newTopic(proposalId: number, createdAt: SQL): SQL {
  return sql`
    insert into ${topics} (name, description, exact_key, content_hash, created_at)
    select proposed_name, proposed_description, exact_key, content_hash, ${createdAt}
      from ${topicProposals} where id = ${proposalId}
    returning id`;
}

/** The atom has the topic of its proposal, or the one that came of the proposed topic, or waits for that. */
function newAtom(proposalId: number, createdAt: SQL): SQL {
  return sql`
    insert into ${atoms} (title, content, topic_id, topic_proposal_id, exact_key, content_hash, created_at)
    select proposed_title, proposed_content, coalesce(atom.topic_id, topic.topic_id),
           case when coalesce(atom.topic_id, topic.topic_id) is null then atom.topic_proposal_id end,
           atom.exact_key, atom.content_hash, ${createdAt}
      from ${atomProposals} atom left join ${topicProposals} topic on topic.id = atom.topic_proposal_id
     where atom.id = ${proposalId}
    returning id`;
}
