import { and, asc, desc, eq, inArray, lt, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import {
  type CountyBefore,
  type LienIngestion,
  lienIngestions,
  type LienReject,
  lienRejects,
} from "./ingestion-schema.ts";

/** Starts an attempt: inserts the row of the run, or resets it. @returns the id of the row */
export async function beginIngestion(tx: Tx, runId: string, countyId: string, now: Date): Promise<number> {
  const [row] = await tx
    .insert(lienIngestions)
    .values({ runId, countyId, state: "running", startedAt: now })
    .onConflictDoUpdate({
      target: lienIngestions.runId,
      set: {
        retrieved: 0,
        failed: 0,
        rejectBlob: null,
        findings: null,
        doubt: null,
        state: "running",
        error: null,
        finishedAt: null,
      },
    })
    .returning({ id: lienIngestions.id });
  await tx.delete(lienRejects).where(eq(lienRejects.ingestionId, row!.id));
  return row!.id;
}

export type ReadCounts = Pick<LienIngestion, "retrieved" | "failed" | "rejectBlob" | "findings" | "doubt">;

/** Stores the counts and the refused rows after the list was read. */
export async function recordReading(
  tx: Tx,
  ingestionId: number,
  counts: ReadCounts,
  rejects: readonly Omit<LienReject, "ingestionId">[],
): Promise<void> {
  await tx.update(lienIngestions).set(counts).where(eq(lienIngestions.id, ingestionId));
  await tx.execute(sql`
    insert into ${lienRejects} (ingestion_id, line, reasons, raw)
    select ${ingestionId}, r.line, r.reasons, r.raw
      from jsonb_to_recordset(${JSON.stringify(rejects)}::jsonb) as r(line bigint, reasons jsonb, raw text)
    on conflict do nothing`);
}

export type MergeCounts = Pick<LienIngestion, "created" | "updated" | "unchanged" | "notListed">;

/** @param before the county before the merge, for an undo */
export async function endIngestion(
  tx: Tx,
  ingestionId: number,
  { before, ...counts }: MergeCounts & { readonly before: CountyBefore },
  now: Date,
): Promise<void> {
  await tx
    .update(lienIngestions)
    .set({ ...counts, before, state: "succeeded", error: null, finishedAt: now })
    .where(eq(lienIngestions.id, ingestionId));
}

export async function findIngestion(db: Executor, countyId: string, id: number): Promise<LienIngestion | undefined> {
  const [found] = await db
    .select()
    .from(lienIngestions)
    .where(and(eq(lienIngestions.countyId, countyId), eq(lienIngestions.id, id)));
  return found;
}

/** Marks the ingestions of discarded runs as failed. */
export async function failIngestions(
  tx: Tx,
  runs: readonly { readonly id: string; readonly error: string }[],
  now: Date,
): Promise<void> {
  for (const { id, error } of runs) {
    await tx
      .update(lienIngestions)
      .set({ state: "failed", error, finishedAt: now })
      .where(and(eq(lienIngestions.runId, id), eq(lienIngestions.state, "running")));
  }
}

/** Newest first. @param before the id of the last one of the page before */
export async function listIngestions(
  db: Executor,
  countyId: string,
  { before, limit }: { before?: number | undefined; limit: number },
): Promise<LienIngestion[]> {
  return db
    .select()
    .from(lienIngestions)
    .where(and(eq(lienIngestions.countyId, countyId), before === undefined ? undefined : lt(lienIngestions.id, before)))
    .orderBy(desc(lienIngestions.id))
    .limit(limit);
}

/** The first refused rows of each of these ingestions. */
export async function listRejects(
  db: Executor,
  ingestionIds: readonly number[],
  perIngestion: number,
): Promise<LienReject[]> {
  if (ingestionIds.length === 0) return [];
  const rank = sql<number>`row_number() over (partition by ${lienRejects.ingestionId} order by ${lienRejects.line})`;
  const ranked = db
    .select({ id: lienRejects.ingestionId, at: lienRejects.line, rank: rank.as("rank") })
    .from(lienRejects)
    .where(inArray(lienRejects.ingestionId, [...ingestionIds]))
    .as("ranked");
  return db
    .select({
      ingestionId: lienRejects.ingestionId,
      line: lienRejects.line,
      reasons: lienRejects.reasons,
      raw: lienRejects.raw,
    })
    .from(lienRejects)
    .innerJoin(ranked, and(eq(ranked.id, lienRejects.ingestionId), eq(ranked.at, lienRejects.line)))
    .where(sql`${ranked.rank} <= ${perIngestion}`)
    .orderBy(asc(lienRejects.ingestionId), asc(lienRejects.line));
}
