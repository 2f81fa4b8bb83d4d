import { sql } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { isComparedBy } from "./compared.ts";
import { tablesOf } from "./kind-tables.ts";
import type { KnowledgeKind } from "./knowledge-schema.ts";

/** Which proposals the automatic review approves. */
export interface ReviewPolicy {
  /** Lowest confidence. */
  readonly confidence: number;
  /** How they were compared: by this model, down to this similarity or a lower one. */
  readonly model: string;
  readonly threshold: number;
}

export interface ProposalToReview {
  readonly id: number;
  readonly confidence: number;
}

/**
 * The next pending proposals, by id, that are certain, have no similar entity and were compared by a scan. One whose
 * decision a person has undone waits for a person.
 */
export async function proposalsToReview(
  db: Executor,
  kind: KnowledgeKind,
  policy: ReviewPolicy,
  { after, limit }: { after: number; limit: number },
): Promise<readonly ProposalToReview[]> {
  const { proposals, similarId } = tablesOf(kind);
  return db.execute<ProposalToReview & Record<string, unknown>>(sql`
    select id::float8 as id, confidence from ${proposals}
     where status = 'pending' and id > ${after} and ${similarId} is null and reviewed_by is null
       and confidence >= ${policy.confidence} and ${isComparedBy(policy)}
     order by id limit ${limit}`);
}

/** Why pending proposals are passed over; the first reason that holds counts. */
export const SKIP_REASONS = ["duplicate", "low_confidence", "reopened", "not_compared"] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** How many pending proposals the automatic review passes over, by reason. */
export async function countSkipped(
  db: Executor,
  kind: KnowledgeKind,
  policy: ReviewPolicy,
): Promise<Record<SkipReason, number>> {
  const { proposals, similarId } = tablesOf(kind);
  const isLow = sql`confidence < ${policy.confidence}`;
  const [row] = await db.execute<Record<SkipReason, number>>(sql`
    select count(*) filter (where ${similarId} is not null)::integer as duplicate,
           count(*) filter (where ${similarId} is null and ${isLow})::integer as low_confidence,
           count(*) filter (where ${similarId} is null and not ${isLow} and reviewed_by is not null)::integer as reopened,
           count(*) filter (where ${similarId} is null and not ${isLow} and reviewed_by is null
                              and ${isComparedBy(policy)} is not true)::integer as not_compared
      from ${proposals} where status = 'pending'`);
  return row!;
}
