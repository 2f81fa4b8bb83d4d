import { and, desc, eq, gte, inArray, lt } from "drizzle-orm";
import type { Db, Executor } from "../client.ts";
import { type AuditEntry, auditLog } from "./control-schema.ts";
import { GLOBAL } from "./scope.ts";

export type NewAuditEntry = Pick<AuditEntry, "at" | "who" | "action" | "subject"> &
  Partial<Pick<AuditEntry, "reason" | "before" | "after">>;

/** Adds an audit entry. Call it in the transaction of the change. */
export async function recordAudit(tx: Executor, entry: NewAuditEntry): Promise<void> {
  await tx.insert(auditLog).values(entry);
}

export interface AuditFilter {
  /** A scope, `run:<id>`, … */
  readonly subject?: string | undefined;
  readonly action?: string | undefined;
  readonly since?: Date | undefined;
  /** The id of the last entry of the page before. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Newest first. Entries of earlier versions have `global` for `all`. */
export async function listAudit(db: Db, { subject, action, since, before, limit }: AuditFilter): Promise<AuditEntry[]> {
  const entries = await db
    .select()
    .from(auditLog)
    .where(
      and(
        subject === undefined ? undefined : inArray(auditLog.subject, subject === "all" ? ["all", GLOBAL] : [subject]),
        action === undefined ? undefined : eq(auditLog.action, action),
        since && gte(auditLog.at, since),
        before === undefined ? undefined : lt(auditLog.id, before),
      ),
    )
    .orderBy(desc(auditLog.id))
    .limit(limit);
  return entries.map((entry) => (entry.subject === GLOBAL ? { ...entry, subject: "all" } : entry));
}
