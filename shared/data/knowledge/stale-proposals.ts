import { sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { at } from "../sql-instant.ts";
import { tablesOf } from "./kind-tables.ts";
import { auditTrail, type KnowledgeKind, SYSTEM_USER_ID } from "./knowledge-schema.ts";

/** Who rejects stale proposals, and why. */
export interface Expiry {
  readonly kind: KnowledgeKind;
  /** Proposals that were created before this instant are stale. */
  readonly cutoff: Date;
  readonly notes: string;
  readonly who: string;
  readonly runId: string;
  readonly now: Date;
}

/** How the audit names the rejection of a stale proposal. */
const EXPIRED = "expired";

/**
 * Rejects the next stale proposals with an audit entry each, and skips those that another transaction has locked.
 * @returns how many
 */
export async function expireProposals(tx: Tx, expiry: Expiry, limit: number): Promise<number> {
  return expire(
    tx,
    expiry,
    sql`in (select id from ${tablesOf(expiry.kind).proposals} where status = 'pending' and created_at < ${at(expiry.cutoff)}
             order by created_at, id limit ${limit} for update skip locked)`,
  );
}

/** Rejects one proposal if it still is stale; waits for a transaction that has locked it. @returns 1, else 0 */
export async function expireProposal(tx: Tx, expiry: Expiry, id: number): Promise<number> {
  return expire(tx, expiry, sql`= ${id}`);
}

/** The oldest stale proposal, also when it is locked. */
export async function oldestStaleProposal(db: Executor, { kind, cutoff }: Expiry): Promise<number | undefined> {
  const [oldest] = await db.execute<{ id: string }>(sql`
    select id from ${tablesOf(kind).proposals} where status = 'pending' and created_at < ${at(cutoff)}
     order by created_at, id limit 1`);
  return oldest && Number(oldest.id);
}

async function expire(tx: Tx, { kind, cutoff, notes, who, runId, now }: Expiry, which: ReturnType<typeof sql>) {
  const expired = await tx.execute(sql`
    with expired as (
      update ${tablesOf(kind).proposals}
         set status = 'rejected', reviewed_by_user_id = ${SYSTEM_USER_ID}, reviewed_by = null, reviewed_at = ${at(now)},
             review_notes = ${notes}
       where id ${which} and status = 'pending' and created_at < ${at(cutoff)}
      returning id
    )
    insert into ${auditTrail} (at, who, action, subject_type, subject_id, run_id, reason, before, after)
    select ${at(now)}, ${who}, ${EXPIRED}, ${`${kind}_proposal`}, id, ${runId}::uuid, ${notes},
           '{"status":"pending"}', '{"status":"rejected"}'
      from expired`);
  return expired.count;
}

/**
 * How many proposals of each kind a run has expired in all of its attempts.
 * @param since no later than its first one
 */
export async function countExpired(
  tx: Tx,
  runId: string,
  since: Date,
): Promise<Readonly<Record<KnowledgeKind, number>>> {
  const [counts] = await tx.execute<{ topic: number; atom: number }>(sql`
    select count(*) filter (where subject_type = 'topic_proposal')::integer as topic,
           count(*) filter (where subject_type = 'atom_proposal')::integer as atom
      from ${auditTrail} where at >= ${at(since)} and run_id = ${runId}::uuid and action = ${EXPIRED}`);
  return { topic: counts!.topic, atom: counts!.atom };
}
