import { and, eq, gte, isNotNull, lt } from "drizzle-orm";
import type { Db, Executor } from "../client.ts";
import type { Refusal } from "./gate-refusals.ts";
import { jobRuns, type Run } from "./platform-schema.ts";
import type { NewRun } from "./waiting-runs.ts";

export interface RecordedSlot {
  readonly run: NewRun & { readonly scheduledFor: Date };
  /** Why the slot does not run; null when it waits for a worker. */
  readonly refusal: Refusal | null;
  /** When it may start. */
  readonly notBefore: Date;
}

/** Inserts slots that no tick recorded. Recorded slots stay unchanged. @returns the new runs */
export async function insertSlots(tx: Executor, slots: readonly RecordedSlot[], now: Date): Promise<Run[]> {
  if (slots.length === 0) return [];
  return tx
    .insert(jobRuns)
    .values(
      slots.map(({ run, refusal, notBefore }) => ({
        ...run,
        queuedAt: now,
        ...(refusal
          ? { state: "skipped" as const, finishedAt: now, reason: refusal.reason, reasonCode: refusal.code }
          : { state: "queued" as const, notBefore }),
      })),
    )
    .onConflictDoNothing()
    .returning();
}

/** The recorded slots of a range in epoch milliseconds: `from` included, `to` excluded. */
export async function recordedSlots(
  db: Db,
  jobId: string,
  { from, to }: { from: Date; to: Date },
): Promise<Set<number>> {
  const rows = await db
    .select({ slot: jobRuns.scheduledFor })
    .from(jobRuns)
    .where(
      and(
        eq(jobRuns.jobId, jobId),
        isNotNull(jobRuns.scheduledFor),
        gte(jobRuns.scheduledFor, from),
        lt(jobRuns.scheduledFor, to),
      ),
    );
  return new Set(rows.map(({ slot }) => slot!.getTime()));
}
