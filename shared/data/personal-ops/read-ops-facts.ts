import { and, count, desc, eq, gte, inArray, lt, max, ne, sql } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { apiCalls } from "../platform/provider-schema.ts";
import { agentAuditLog, corrections, incidents, proposals, workflowExecutions } from "./personal-ops-schema.ts";

/** Rows of each kind that are read: a digest has five bullets, and counts the others. */
const MOST = 50;

/** A half-open period: `from` belongs to it, `until` does not. */
export interface Period {
  readonly from: Date;
  readonly until: Date;
}

/** What happened in a period, for the digest and the call. A few indexed queries, whose number no data changes. */
export async function readOpsFacts(db: Executor, period: Period) {
  const [unresolved, resolved, newProposals, pendingProposals, corrected, workflows, jobs, api] = await Promise.all([
    unresolvedIncidents(db, period),
    resolvedIncidents(db, period),
    proposalsOf(db, period),
    proposalsOf(db, { from: new Date(0), until: period.until }),
    correctionsOf(db, period),
    failedWorkflows(db, period),
    jobAttempts(db, period),
    apiCallsOf(db, period),
  ]);
  return {
    incidents: [...unresolved, ...resolved],
    proposals: newProposals,
    pendingProposals,
    corrections: corrected,
    workflows,
    jobs,
    apiCalls: api,
  };
}

const incidentFact = {
  id: incidents.id,
  severity: incidents.severity,
  title: incidents.title,
  status: incidents.status,
  occurrences: incidents.occurrences,
  firstSeen: incidents.firstSeen,
};
const byUrgency = sql`array_position(array['INFO', 'WARN', 'SEV1', 'SEV0'], ${incidents.severity}) desc`;

async function unresolvedIncidents(db: Executor, { until }: Period) {
  const rows = await db
    .select(incidentFact)
    .from(incidents)
    .where(and(ne(incidents.status, "resolved"), ne(incidents.severity, "INFO"), lt(incidents.firstSeen, until)))
    .orderBy(byUrgency, desc(incidents.firstSeen), desc(incidents.id))
    .limit(MOST);
  return rows.map(({ status, ...rest }) => ({ ...rest, isResolved: status === "resolved" }));
}

async function resolvedIncidents(db: Executor, { from, until }: Period) {
  const rows = await db
    .select(incidentFact)
    .from(incidents)
    .where(
      and(
        eq(incidents.status, "resolved"),
        eq(incidents.archived, false),
        gte(incidents.resolvedAt, from),
        lt(incidents.resolvedAt, until),
        ne(incidents.severity, "INFO"),
      ),
    )
    .orderBy(byUrgency, desc(incidents.firstSeen), desc(incidents.id))
    .limit(MOST);
  return rows.map(({ status, ...rest }) => ({ ...rest, isResolved: status === "resolved" }));
}

/** Proposals of the period that wait for a decision. */
async function proposalsOf(db: Executor, { from, until }: Period) {
  const wanted = and(eq(proposals.status, "pending"), gte(proposals.createdAt, from), lt(proposals.createdAt, until));
  const newest = db
    .select({ title: proposals.title, at: proposals.createdAt })
    .from(proposals)
    .where(wanted)
    .orderBy(desc(proposals.id))
    .limit(3);
  const [[total], rows] = await Promise.all([db.select({ count: count() }).from(proposals).where(wanted), newest]);
  return newestOf(total!.count, rows);
}

async function correctionsOf(db: Executor, { from, until }: Period) {
  const wanted = and(gte(corrections.at, from), lt(corrections.at, until));
  const newest = db
    .select({ title: corrections.subject, at: corrections.at })
    .from(corrections)
    .where(wanted)
    .orderBy(desc(corrections.at), desc(corrections.id))
    .limit(3);
  const [[total], rows] = await Promise.all([db.select({ count: count() }).from(corrections).where(wanted), newest]);
  return newestOf(total!.count, rows);
}

function newestOf(count: number, rows: readonly { readonly title: string; readonly at: Date }[]) {
  return { count, titles: rows.map(({ title }) => title), at: rows[0]?.at ?? null };
}

async function failedWorkflows(db: Executor, { from, until }: Period) {
  const rows = await db
    .select({
      id: workflowExecutions.workflowId,
      name: max(workflowExecutions.workflowName),
      count: count(),
      at: max(workflowExecutions.storedAt),
    })
    .from(workflowExecutions)
    .where(
      and(
        gte(workflowExecutions.storedAt, from),
        lt(workflowExecutions.storedAt, until),
        inArray(workflowExecutions.status, ["error", "crashed"]),
      ),
    )
    .groupBy(workflowExecutions.workflowId)
    .orderBy(desc(count()), workflowExecutions.workflowId)
    .limit(MOST);
  const at = rows.reduce<Date | null>(
    (newest, row) => (row.at && (!newest || row.at > newest) ? row.at : newest),
    null,
  );
  return { failed: rows.map(({ id, name, count }) => ({ name: name ?? id, count })), at };
}

async function jobAttempts(db: Executor, { from, until }: Period) {
  // An entry with a code is of an attempt that a gate stopped or kept from running.
  const isFailed = sql`not ${agentAuditLog.success}`;
  const [row] = await db
    .select({
      run: count(),
      failed: sql<number>`count(*) filter (where ${isFailed})`.mapWith(Number),
      at: sql<Date | null>`max(${agentAuditLog.at}) filter (where ${isFailed})`.mapWith(agentAuditLog.at),
    })
    .from(agentAuditLog)
    .where(
      and(
        eq(agentAuditLog.archived, false),
        eq(agentAuditLog.actionType, "job"),
        sql`${agentAuditLog.output} -> 'code' is null`,
        gte(agentAuditLog.at, from),
        lt(agentAuditLog.at, until),
      ),
    );
  return row!;
}

async function apiCallsOf(db: Executor, { from, until }: Period) {
  const [row] = await db
    .select({
      calls: sql<number>`coalesce(sum(${apiCalls.calls}), 0)`.mapWith(Number),
      errors: sql<number>`coalesce(sum(${apiCalls.errors}), 0)`.mapWith(Number),
    })
    .from(apiCalls)
    .where(and(gte(apiCalls.minute, from), lt(apiCalls.minute, until)));
  return row!;
}
