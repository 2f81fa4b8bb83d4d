import { sql } from "drizzle-orm";
import type { Executor } from "../client.ts";
import { auditTrail, type KnowledgeAuditEntry } from "./knowledge-schema.ts";

export type KnowledgeSubjectType = "topic_proposal" | "atom_proposal" | "topic" | "atom" | "extraction_run";

export type NewKnowledgeAuditEntry = Pick<KnowledgeAuditEntry, "at" | "who" | "action"> & {
  readonly subjectType: KnowledgeSubjectType;
  readonly subjectId: string | number;
} & Partial<Pick<KnowledgeAuditEntry, "runId" | "reason" | "before" | "after">>;

/** Adds audit entries in one statement, however many. Call it in the transaction of their changes. */
export async function recordKnowledgeAudit(tx: Executor, entries: readonly NewKnowledgeAuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await tx.execute(sql`
    insert into ${auditTrail} (at, who, action, subject_type, subject_id, run_id, reason, before, after)
    select at, who, action, "subjectType", "subjectId", "runId", reason, before, after
      from jsonb_to_recordset(${JSON.stringify(entries)}::jsonb) as entry(
        at timestamptz, who text, action text, "subjectType" text, "subjectId" text, "runId" uuid, reason text,
        before jsonb, after jsonb)`);
}
