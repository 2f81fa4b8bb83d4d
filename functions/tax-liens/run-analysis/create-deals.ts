import type { Tx } from "#data/client.ts";
import { leastCost, rankedCandidates } from "#data/tax-liens/analysis-candidates.ts";
import type { AnalysisCheckpoint, AnalysisRun } from "#data/tax-liens/analysis-run-schema.ts";
import { succeedAnalysis } from "#data/tax-liens/analysis-runs.ts";
import { dealTotals, insertDeals } from "#data/tax-liens/deals.ts";
import type { JobContext, RunResult } from "#jobs";
import { notify } from "#notifications/notify.ts";
import { type AnalysisSummary, analysisSummary } from "#rules/tax-liens/analysis-summary.ts";
import type { Constraints } from "#rules/tax-liens/constraints.ts";
import { fillBudget } from "#rules/tax-liens/fill-budget.ts";
import { recordDoneSteps } from "./analysis-steps.ts";

/** Deals of one statement. */
const BATCH = 1_000;

/**
 * Creates deals from the best candidates until the budget is spent, then the summary and the notification: all in one
 * transaction, so that an analysis has all of its deals or none.
 */
export async function createDeals(
  context: JobContext<unknown>,
  tx: Tx,
  {
    analysis,
    constraints,
    checkpoint,
  }: { analysis: AnalysisRun; constraints: Constraints; checkpoint: AnalysisCheckpoint },
): Promise<RunResult> {
  const { clock, signal } = context;
  const { id, available, recipient } = analysis;
  const startedAt = clock.now();
  let firstRank = 1;
  const filling = fillBudget(rankedCandidates(tx, id), constraints, checkpoint.leastCost ?? undefined);
  for await (const ranked of inBatches(filling)) {
    signal.throwIfAborted();
    await insertDeals(tx, id, { ranked, firstRank, now: startedAt });
    firstRank += ranked.length;
  }
  const createdAt = clock.now();
  const { failed, candidates, unmet } = checkpoint;
  const found = { budget: constraints.budget, available: available!, failed, candidates, unmet };
  const deals = await dealTotals(tx, id);
  const summary = analysisSummary({ ...found, deals, leastCost: deals.length ? null : await leastCost(tx, id) });
  const now = clock.now();
  await recordDoneSteps(tx, analysis, [
    { step: "deals", startedAt, finishedAt: createdAt, message: `${summary.deals} deals for ${summary.cost}` },
    { step: "summary", startedAt: createdAt, finishedAt: now, message: inSentences(summary) },
  ]);
  await succeedAnalysis(tx, id, { summary: { ...summary }, now });
  const notice = { type: "analysis.succeeded", severity: "INFO", data: { analysis: id } } as const;
  const title = `The analysis has found ${summary.deals} deals for ${summary.cost}`;
  await notify(context, tx, [{ ...notice, recipient, title, body: inSentences(summary), dedupeKey: `analysis:${id}` }]);
  return { analysis: id, liens: summary.liens, candidates, deals: summary.deals, cost: summary.cost };
}

function inSentences({
  liens,
  candidates,
  deals,
  cost,
  budget,
  averageYield,
  averageRisk,
  notes,
}: AnalysisSummary): string {
  const average = averageYield === null ? "" : `, yielding ${averageYield} % a year at a risk of ${averageRisk}`;
  const figures = `Of ${liens} available liens ${candidates} meet the constraints; ${deals} deals cost ${cost} of ${budget}${average}.`;
  return [figures, ...notes.map((note) => `${note.charAt(0).toUpperCase()}${note.slice(1)}.`)].join(" ");
}

/** Groups without prefetch, unlike the job layer: reads and writes share a transaction. */
async function* inBatches<T>(all: AsyncIterable<T>): AsyncGenerator<T[], void> {
  let batch: T[] = [];
  for await (const one of all) {
    batch.push(one);
    if (batch.length === BATCH) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length) yield batch;
}
