import { type SQL, sql } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { tablesOf } from "./kind-tables.ts";
import type { KnowledgeKind, ProposalStatus, SimilarityType } from "./knowledge-schema.ts";
import { topicProposals, topics } from "./knowledge-schema.ts";

/** The entity that a proposal is similar to. */
export interface SimilarEntity {
  /** Null: it was deleted after the decision. */
  readonly id: number | null;
  readonly title: string | null;
  readonly text: string | null;
  readonly score: number;
  readonly type: SimilarityType;
}

/** A proposal of either kind. Instants are ISO 8601. */
export interface ProposalRow {
  readonly kind: KnowledgeKind;
  readonly id: number;
  readonly title: string;
  readonly text: string;
  readonly confidence: number;
  readonly status: ProposalStatus;
  readonly extractionRunId: string;
  readonly messageId: string | null;
  /** Of an atom: its topic, or the proposal of it. */
  readonly topicId: number | null;
  readonly topicName: string | null;
  readonly topicProposalId: number | null;
  readonly similar: SimilarEntity | null;
  /** When it was compared; null: the next scan does. */
  readonly comparedAt: string | null;
  /** The entity that came of it, or that it was merged into. */
  readonly entityId: number | null;
  readonly reviewedByUserId: number | null;
  readonly reviewedBy: string | null;
  readonly reviewedAt: string | null;
  readonly reviewNotes: string | null;
  readonly revision: number;
  readonly createdAt: string;
}

export interface ProposalFilter {
  readonly status?: ProposalStatus | undefined;
  /** Whether it is similar to an entity. */
  readonly flagged?: boolean | undefined;
  /** The id of an extraction. */
  readonly run?: string | undefined;
  /** The id of the last proposal of the page before. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Proposals of one kind, newest first. */
export async function listProposals(
  db: Executor,
  kind: KnowledgeKind,
  { status, flagged, run, before, limit }: ProposalFilter,
): Promise<ProposalRow[]> {
  const isFlagged = sql`proposal.similarity_type is not null`;
  return read(
    db,
    kind,
    [
      // A range, so that the order by status and id needs their index: "=" would allow that of the ids alone, which
      // reads every proposal of another status on its way.
      ...(status === undefined ? [] : [sql`proposal.status between ${status} and ${status}`]),
      ...(flagged === undefined ? [] : [flagged ? isFlagged : sql`not (${isFlagged})`]),
      ...(run === undefined ? [] : [sql`proposal.extraction_run_id = ${run}::uuid`]),
      ...(before === undefined ? [] : [sql`proposal.id < ${before}`]),
    ],
    { limit, order: status === undefined ? sql`id desc` : sql`status desc, id desc` },
  );
}

export async function findProposal(db: Executor, kind: KnowledgeKind, id: number): Promise<ProposalRow | undefined> {
  return (await read(db, kind, [sql`proposal.id = ${id}`], { limit: 1, order: sql`id` }))[0];
}

async function read(
  db: Executor,
  kind: KnowledgeKind,
  conditions: readonly SQL[],
  { limit, order }: { limit: number; order: SQL },
): Promise<ProposalRow[]> {
  const { entities, proposals, title, body, proposedTitle, proposedBody, similarId, entityId } = tablesOf(kind);
  const where = conditions.length === 0 ? sql`` : sql`where ${sql.join([...conditions], sql` and `)}`;
  const topic =
    kind === "atom"
      ? sql`
        left join ${topicProposals} proposed on proposed.id = proposal.topic_proposal_id
        left join ${topics} topic on topic.id = coalesce(proposal.topic_id, proposed.topic_id)`
      : sql``;
  const topicColumns =
    kind === "atom"
      ? sql`topic.id::float8 as "topicId", topic.name as "topicName", proposal.topic_proposal_id::float8 as "topicProposalId"`
      : sql`null::float8 as "topicId", null as "topicName", null::float8 as "topicProposalId"`;
  const rows = await db.execute<Omit<ProposalRow, "kind"> & Record<string, unknown>>(sql`
    select proposal.id::float8 as id, proposal.${proposedTitle} as title, proposal.${proposedBody} as text, proposal.confidence, proposal.status,
           proposal.extraction_run_id as "extractionRunId", proposal.message_id as "messageId", ${topicColumns},
           case when proposal.similarity_type is not null
                then json_build_object('id', entity.id, 'title', entity.${title}, 'text', entity.${body},
                                       'score', proposal.similarity_score, 'type', proposal.similarity_type) end as similar,
           ${iso(sql`dedup_scanned_at`)} as "comparedAt", proposal.${entityId}::float8 as "entityId",
           proposal.reviewed_by_user_id as "reviewedByUserId", proposal.reviewed_by as "reviewedBy", ${iso(sql`reviewed_at`)} as "reviewedAt",
           proposal.review_notes as "reviewNotes", proposal.revision, ${iso(sql`created_at`)} as "createdAt"
      from (select * from ${proposals} proposal ${where} order by ${order} limit ${limit}) proposal
      left join ${entities} entity on entity.id = proposal.${similarId}${topic}
     order by proposal.id desc`);
  return rows.map((row) => ({ ...row, kind }));
}

function iso(column: SQL): SQL {
  return sql`to_char(proposal.${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
