import { and, desc, eq, lt, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { at } from "../sql-instant.ts";
import { type DecisionStatus, patterns, proposals, PROPOSALS_AN_HOUR } from "./personal-ops-schema.ts";

/**
 * Proposes what to do about the patterns that have no proposal yet, the most confident ones first, until the hour has
 * ten. Those that find no place are proposed in the next hour in which this is called. Two transactions at once share
 * the places of the hour; constraints refuse an eleventh proposal and a second one for a pattern.
 * @param from the lowest confidence
 * @param seenSince patterns that no scan has found since then are not proposed any more
 */
export async function proposePatterns(
  tx: Tx,
  { from, seenSince, now }: { readonly from: number; readonly seenSince: Date; readonly now: Date },
): Promise<{ readonly proposed: number; readonly waiting: number }> {
  // The statement after the lock sees the proposals of the transaction that held it.
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('personal_ops.proposals', 0))`);
  const [counts] = await tx.execute<{ proposed: number; candidates: number }>(sql`
    with candidate as materialized (
      select p.id, p.title, p.confidence, p.evidence ->> 'offer' as body,
             row_number() over (order by p.confidence desc, p.id) as turn
        from personal_ops.patterns p
       where p.confidence >= ${from} and p.last_seen >= ${at(seenSince)}
         and not exists (select from personal_ops.proposals r where r.pattern_id = p.id)),
    free as (
      select place, row_number() over (order by place) as turn
        from generate_series(1, ${PROPOSALS_AN_HOUR}::integer) place
       where not exists (
             select from personal_ops.proposals r
              where r.hour = date_trunc('hour', ${at(now)} at time zone 'UTC') and r.place_in_hour = place)),
    proposed as (
      insert into personal_ops.proposals (pattern_id, title, body, confidence, created_at, place_in_hour)
      select c.id, c.title, c.body, c.confidence, ${at(now)}, f.place
        from candidate c join free f using (turn)
      returning id)
    select (select count(*) from proposed)::integer as proposed, (select count(*) from candidate)::integer as candidates`);
  const { proposed, candidates } = counts!;
  return { proposed, waiting: candidates - proposed };
}

export interface PatternProposalFilter {
  readonly status?: DecisionStatus | undefined;
  /** The id of the last proposal of the page before. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** With their patterns, newest first. */
export async function listPatternProposals(
  db: Executor,
  { status, before, limit }: PatternProposalFilter,
): Promise<PatternProposal[]> {
  return select(db)
    .where(and(status && eq(proposals.status, status), before === undefined ? undefined : lt(proposals.id, before)))
    .orderBy(desc(proposals.id))
    .limit(limit);
}

export async function findPatternProposal(db: Executor, id: number): Promise<PatternProposal | undefined> {
  const [found] = await select(db).where(eq(proposals.id, id));
  return found;
}

function select(db: Executor) {
  return db
    .select({
      id: proposals.id,
      title: proposals.title,
      body: proposals.body,
      confidence: proposals.confidence,
      status: proposals.status,
      createdAt: proposals.createdAt,
      decidedAt: proposals.decidedAt,
      decidedBy: proposals.decidedBy,
      reason: proposals.reason,
      revision: proposals.revision,
      pattern: { id: patterns.id, type: patterns.type, evidence: patterns.evidence },
    })
    .from(proposals)
    .innerJoin(patterns, eq(patterns.id, proposals.patternId));
}

export type PatternProposal = Awaited<ReturnType<typeof select>>[number];

export interface ProposalDecision {
  readonly id: number;
  /** The revision that the person has seen. */
  readonly revision: number;
  readonly status: Exclude<DecisionStatus, "pending">;
  readonly by: string;
  readonly reason: string;
  readonly at: Date;
}

/** Decides a pending proposal. @returns false when it was decided or changed meanwhile */
export async function decidePatternProposal(tx: Tx, decision: ProposalDecision): Promise<boolean> {
  const { id, revision, status, by, reason } = decision;
  const rows = await tx.execute(sql`
    update personal_ops.proposals
       set status = ${status}, decided_at = ${at(decision.at)}, decided_by = ${by}, reason = ${reason},
           revision = revision + 1
     where id = ${id} and status = 'pending' and revision = ${revision}
    returning id`);
  return rows.length > 0;
}
