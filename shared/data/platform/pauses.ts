import { and, eq, gt, inArray, isNull, or, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { recordAudit } from "./audit-log.ts";
import { type Pause, pauses } from "./control-schema.ts";
import { jobRuns, type Run } from "./platform-schema.ts";
import { idIn, type Scope } from "./scope.ts";

/** The pauses in force. */
export async function listPauses(db: Executor, now: Date): Promise<Pause[]> {
  return db.select().from(pauses).where(isInForce(now)).orderBy(pauses.scope);
}

/** Pauses a scope, or updates its pause; audited in the same transaction. */
export async function pause(tx: Tx, entry: Pause): Promise<Pause> {
  const before = await pauseOf(tx, entry.scope);
  await tx.insert(pauses).values(entry).onConflictDoUpdate({ target: pauses.scope, set: entry });
  await recordAudit(tx, {
    at: entry.pausedAt,
    who: entry.pausedBy,
    action: "paused",
    subject: entry.scope,
    reason: entry.reason,
    before,
    after: entry,
  });
  return entry;
}

/** Resumes a scope; audited in the same transaction. @returns the ended pause; null without one */
export async function resume(
  tx: Tx,
  { scope, who, reason, now }: { scope: Scope; who: string; reason: string | null; now: Date },
): Promise<Pause | null> {
  const [before] = await tx.delete(pauses).where(eq(pauses.scope, scope)).returning();
  if (!before) return null;
  await recordAudit(tx, { at: now, who, action: "resumed", subject: scope, reason, before, after: null });
  return before;
}

/** When the current pauses end; `now` without one. Null: a pause has no end, so an operator has to resume it. */
export async function pausedUntil(db: Executor, scopes: readonly Scope[], now: Date): Promise<Date | null> {
  const found = await db
    .select({ until: pauses.until })
    .from(pauses)
    .where(and(inArray(pauses.scope, [...scopes]), isInForce(now)));
  if (found.length === 0) return now;
  if (found.some(({ until }) => until === null)) return null;
  return new Date(Math.max(...found.map(({ until }) => until!.getTime())));
}

/** Due waiting runs of a scope, oldest first, in pages by id. */
export async function dueRunsInScope(
  db: Executor,
  { scope, now, after, limit }: { scope: Scope; now: Date; after: string | null; limit: number },
): Promise<Pick<Run, "id" | "jobId" | "notBefore">[]> {
  const [family, job] = [idIn("family", scope), idIn("job", scope)];
  return db
    .select({ id: jobRuns.id, jobId: jobRuns.jobId, notBefore: jobRuns.notBefore })
    .from(jobRuns)
    .where(
      and(
        inArray(jobRuns.state, ["queued", "retrying"]),
        sql`${jobRuns.notBefore} <= ${now.toISOString()}::timestamptz`,
        family === undefined ? undefined : eq(jobRuns.family, family),
        job === undefined ? undefined : eq(jobRuns.jobId, job),
        after === null ? undefined : gt(jobRuns.id, after),
      ),
    )
    .orderBy(jobRuns.id)
    .limit(limit);
}

async function pauseOf(tx: Tx, scope: Scope): Promise<Pause | null> {
  const [row] = await tx.select().from(pauses).where(eq(pauses.scope, scope)).for("update");
  return row ?? null;
}

function isInForce(now: Date) {
  return or(isNull(pauses.until), gt(pauses.until, now));
}
