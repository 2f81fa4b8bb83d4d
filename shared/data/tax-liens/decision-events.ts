import { and, desc, eq, inArray, isNotNull, isNull, lt, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { deals, type DealStatus } from "./analysis-run-schema.ts";
import { type DecisionEvent, decisionEvents } from "./decision-schema.ts";

/** Locks the deals of an analysis until the transaction ends. @returns their statuses by id */
export async function lockDeals(
  tx: Tx,
  analysisRunId: string,
  ids: readonly number[],
): Promise<Map<number, DealStatus>> {
  const rows = await tx
    .select({ id: deals.id, status: deals.status })
    .from(deals)
    .where(and(eq(deals.analysisRunId, analysisRunId), inArray(deals.id, [...ids])))
    // One lock order, so that two transactions with the same deals cannot deadlock.
    .orderBy(deals.id)
    .for("update");
  return new Map(rows.map(({ id, status }) => [id, status]));
}

/** The recorded decisions with these ids. */
export async function recordedDecisions(db: Executor, decisionIds: readonly string[]): Promise<DecisionEvent[]> {
  return db
    .select()
    .from(decisionEvents)
    .where(inArray(decisionEvents.decisionId, [...decisionIds]));
}

export type NewDecisionEvent = Omit<DecisionEvent, "id">;

/**
 * Records decisions in order, in one statement.
 * @returns false when another transaction recorded one of the ids: the caller must roll back
 */
export async function recordDecisions(tx: Tx, events: readonly NewDecisionEvent[]): Promise<boolean> {
  if (events.length === 0) return true;
  const recorded = await tx.execute(sql`
    insert into ${decisionEvents} (decision_id, analysis_run_id, deal_id, decision, reason, decided_by, from_status, refusal,
                                   run_id, position, requested_by, at)
    select "decisionId", "analysisRunId", "dealId", decision, reason, "decidedBy", "fromStatus", refusal, "runId", position,
           "requestedBy", at
      from jsonb_to_recordset(${JSON.stringify(events)}::jsonb) as given
           ("decisionId" text, "analysisRunId" uuid, "dealId" bigint, decision text, reason text, "decidedBy" text,
            "fromStatus" text, refusal text, "runId" uuid, position integer, "requestedBy" text, at timestamptz)
     order by position
    on conflict (decision_id) do nothing`);
  return recorded.count === events.length;
}

/** Updates the statuses of locked deals in one statement. */
export async function updateDealStatuses(tx: Tx, statuses: ReadonlyMap<number, DealStatus>, now: Date): Promise<void> {
  if (statuses.size === 0) return;
  const moves = [...statuses].map(([id, status]) => ({ id, status }));
  await tx.execute(sql`
    update ${deals} as deal set status = move.status, status_at = ${now.toISOString()}::timestamptz
      from jsonb_to_recordset(${JSON.stringify(moves)}::jsonb) as move(id bigint, status text)
     where deal.id = move.id`);
}

export interface DecisionFilter {
  readonly dealId?: number | undefined;
  /** The run that applied them. */
  readonly runId?: string | undefined;
  readonly isRefused?: boolean | undefined;
  /** The id of the last one of the page before. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** The decisions about the deals of an analysis, newest first. */
export async function listDecisions(
  db: Executor,
  analysisRunId: string,
  { dealId, runId, isRefused, before, limit }: DecisionFilter,
): Promise<DecisionEvent[]> {
  const event = decisionEvents;
  return db
    .select()
    .from(event)
    .where(
      and(
        eq(event.analysisRunId, analysisRunId),
        dealId === undefined ? undefined : eq(event.dealId, dealId),
        runId === undefined ? undefined : eq(event.runId, runId),
        isRefused === undefined ? undefined : isRefused ? isNotNull(event.refusal) : isNull(event.refusal),
        before === undefined ? undefined : lt(event.id, before),
      ),
    )
    .orderBy(desc(event.id))
    .limit(limit);
}
