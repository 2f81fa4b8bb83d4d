import { and, desc, eq, inArray, lt } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import {
  analysisCandidates,
  type AnalysisCheckpoint,
  type AnalysisRun,
  analysisRuns,
  type AnalysisState,
  type StepTimes,
} from "./analysis-run-schema.ts";

export type NewAnalysis = Pick<
  AnalysisRun,
  "id" | "definition" | "asOf" | "runId" | "episodeId" | "recipient" | "requestedBy" | "createdAt"
>;

export async function insertAnalysis(tx: Tx, analysis: NewAnalysis): Promise<void> {
  await tx.insert(analysisRuns).values(analysis);
}

export async function findAnalysis(db: Executor, id: string): Promise<AnalysisRun | undefined> {
  const [found] = await db.select().from(analysisRuns).where(eq(analysisRuns.id, id));
  return found;
}

export interface AnalysisFilter {
  readonly state?: AnalysisState | undefined;
  /** The id of the last analysis of the page before. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Newest first: ids are time-ordered. */
export async function listAnalyses(db: Executor, { state, before, limit }: AnalysisFilter): Promise<AnalysisRun[]> {
  return db
    .select()
    .from(analysisRuns)
    .where(and(state && eq(analysisRuns.state, state), before ? lt(analysisRuns.id, before) : undefined))
    .orderBy(desc(analysisRuns.id))
    .limit(limit);
}

/** The analysis that an episode requested, if any. */
export async function analysisOfEpisode(db: Executor, episodeId: string): Promise<string | undefined> {
  const [found] = await db
    .select({ id: analysisRuns.id })
    .from(analysisRuns)
    .where(eq(analysisRuns.episodeId, episodeId));
  return found?.id;
}

/** The `asOf` days of analyses, by id. */
export async function analysisDays(db: Executor, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const found = await db
    .select({ id: analysisRuns.id, asOf: analysisRuns.asOf })
    .from(analysisRuns)
    .where(inArray(analysisRuns.id, [...ids]));
  return new Map(found.map(({ id, asOf }) => [id, asOf]));
}

/**
 * Starts an attempt. It continues from the checkpoint of an interrupted one; a failed analysis starts again.
 * @returns the updated analysis; a succeeded one stays unchanged
 */
export async function beginAnalysis(
  tx: Tx,
  { id, runId, now }: { id: string; runId: string; now: Date },
): Promise<AnalysisRun | undefined> {
  const found = await findAnalysis(tx, id);
  if (!found || found.state === "succeeded") return found;
  const restarted = { steps: [], available: null, checkpoint: null, error: null, startedAt: now, finishedAt: null };
  const [started] = await tx
    .update(analysisRuns)
    .set({ state: "running", runId, startedAt: found.startedAt ?? now, ...(found.state === "failed" && restarted) })
    .where(eq(analysisRuns.id, id))
    .returning();
  return started;
}

/** Stores the completed steps, in order. */
export async function recordSteps(
  tx: Tx,
  id: string,
  steps: readonly StepTimes[],
  found: Partial<Pick<AnalysisRun, "available">> = {},
): Promise<void> {
  await tx
    .update(analysisRuns)
    .set({ steps, ...found })
    .where(eq(analysisRuns.id, id));
}

/** Stores the checkpoint. Call it in the transaction that stores the computed liens. */
export async function saveCheckpoint(tx: Tx, id: string, checkpoint: AnalysisCheckpoint): Promise<void> {
  await tx.update(analysisRuns).set({ checkpoint }).where(eq(analysisRuns.id, id));
}

export async function succeedAnalysis(
  tx: Tx,
  id: string,
  { summary, now }: { summary: Readonly<Record<string, unknown>>; now: Date },
): Promise<void> {
  await tx
    .update(analysisRuns)
    .set({ state: "succeeded", summary, checkpoint: null, finishedAt: now })
    .where(eq(analysisRuns.id, id));
  await dropCandidates(tx, id);
}

/** @returns the analysis; undefined when it has ended or belongs to another run */
export async function failAnalysis(
  tx: Tx,
  { id, runId, error, now }: { id: string; runId: string; error: string; now: Date },
): Promise<AnalysisRun | undefined> {
  const [failed] = await tx
    .update(analysisRuns)
    .set({ state: "failed", error, checkpoint: null, finishedAt: now })
    .where(
      and(
        ...[eq(analysisRuns.id, id), eq(analysisRuns.runId, runId)],
        inArray(analysisRuns.state, ["queued", "running"]),
      ),
    )
    .returning();
  if (failed) await dropCandidates(tx, id);
  return failed;
}

async function dropCandidates(tx: Tx, id: string): Promise<void> {
  await tx.delete(analysisCandidates).where(eq(analysisCandidates.analysisRunId, id));
}
