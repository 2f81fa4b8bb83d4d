import { and, desc, eq, gte, sql } from "drizzle-orm";
import { redact } from "#redaction/redact.ts";
import { redactedText } from "#redaction/redacted-text.ts";
import type { Executor, Tx } from "../client.ts";
import type { Refusal } from "../platform/gate-refusals.ts";
import type { Run } from "../platform/platform-schema.ts";
import { discardReason } from "../platform/run-reason.ts";
import { at } from "../sql-instant.ts";
import { type ActionType, type AgentAuditEntry, agentAuditLog } from "./personal-ops-schema.ts";

export type NewAgentAuditEntry = Pick<AgentAuditEntry, "at" | "action" | "actionType" | "actor" | "success"> &
  Partial<Pick<AgentAuditEntry, "error" | "durationMs" | "output" | "runId" | "attempt">>;

/** Characters of an error in the audit. */
const LONGEST_ERROR = 2_000;

/** Adds an entry, without secrets, to the audit of the family. Call it in the transaction of what it records. */
export async function recordAgentAudit(tx: Tx, entry: NewAgentAuditEntry): Promise<void> {
  await tx.insert(agentAuditLog).values({
    ...entry,
    error: entry.error == null ? null : redactedText(entry.error, LONGEST_ERROR),
    output: entry.output == null ? null : (redact(entry.output) as Record<string, unknown>),
  });
}

/**
 * Records the end of an attempt: its result, its failure, or the gate that stopped it. A slot that passed while no
 * timer fired had no attempt and gets no entry.
 */
export async function auditAttempt(tx: Tx, run: Run, _itemFailures: unknown, now: Date): Promise<void> {
  if (run.state === "queued" || run.state === "running" || isMissedSlot(run)) return;
  const isSuccess = run.state === "succeeded";
  await recordAgentAudit(tx, {
    at: now,
    action: run.jobId,
    actionType: "job",
    actor: run.jobId,
    runId: run.id,
    attempt: run.attempt,
    success: isSuccess,
    error: isSuccess ? null : discardReason(run),
    durationMs: durationOf(run, now),
    output: isSuccess ? run.result : outputOf(run.state, run.reasonCode),
  });
}

/** Records that a gate keeps due runs from their next attempt. */
export async function auditHeldRuns(
  tx: Tx,
  runs: readonly Pick<Run, "id" | "jobId" | "attempt">[],
  { code, reason }: Refusal,
  now: Date,
): Promise<void> {
  await tx.execute(sql`
    insert into ${agentAuditLog} (at, action, action_type, actor, run_id, attempt, success, error, duration_ms, output)
    select ${at(now)}, run."jobId", 'job', run."jobId", run.id, run.attempt, false, ${redactedText(reason, LONGEST_ERROR)}, 0,
           ${JSON.stringify(outputOf("held", code))}::jsonb
      from jsonb_to_recordset(${JSON.stringify(runs)}::jsonb) as run(id uuid, "jobId" text, attempt integer)`);
}

/** What an attempt without a result came to. A failure has no `code`: a gate, a delay or a cancel has. */
function outputOf(state: Run["state"] | "held", code: string | null): Record<string, string> {
  return { state, ...(code !== null && { code }) };
}

function isMissedSlot({ state, reasonCode }: Run): boolean {
  return state === "skipped" && (reasonCode === "missed" || reasonCode === "caught-up");
}

/** A run that was never claimed took no time. The clock may have been set back meanwhile. */
function durationOf({ durationMs, startedAt, state }: Run, now: Date): number {
  if (durationMs !== null) return durationMs;
  return startedAt === null || state === "skipped" ? 0 : Math.max(0, now.getTime() - startedAt.getTime());
}

/** Archives entries before an instant. @returns how many */
export async function archiveAgentAudit(tx: Tx, before: Date, limit: number): Promise<number> {
  const rows = await tx.execute(sql`
    update ${agentAuditLog} set archived = true
     where id in (select id from ${agentAuditLog} where not archived and at < ${at(before)}
                   order by at, id limit ${limit} for update skip locked)
    returning id`);
  return rows.length;
}

export interface AgentAuditFilter {
  readonly action?: string | undefined;
  readonly actionType?: ActionType | undefined;
  readonly runId?: string | undefined;
  readonly since?: Date | undefined;
  /** The time and id of the last entry of the page before. */
  readonly before?: { readonly at: Date; readonly id: number } | undefined;
  readonly limit: number;
}

/** Entries that are not archived, newest first; those of a run with the archived ones. */
export async function listAgentAudit(db: Executor, filter: AgentAuditFilter): Promise<AgentAuditEntry[]> {
  const { action, actionType, runId, since, before, limit } = filter;
  const entry = agentAuditLog;
  return db
    .select()
    .from(entry)
    .where(
      and(
        runId === undefined ? sql`not ${entry.archived}` : eq(entry.runId, runId),
        action === undefined ? undefined : eq(entry.action, action),
        actionType && eq(entry.actionType, actionType),
        since && gte(entry.at, since),
        before && sql`(${entry.at}, ${entry.id}) < (${at(before.at)}, ${before.id})`,
      ),
    )
    .orderBy(desc(entry.at), desc(entry.id))
    .limit(limit);
}
