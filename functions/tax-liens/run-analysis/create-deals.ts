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
import { record } from "./analysis-steps.ts";

/** Deals that are stored at once. */
const BATCH = 1_000;

/**
 * Makes deals of the best candidates until the budget is spent, sums the analysis up and tells of it: all in one transaction, so that
 * there are never some of the deals.
 */
export async function strikeDeals(
  context: JobContext<unknown>,
  tx: Tx,
  { analysis, constraints, checkpoint }: { analysis: AnalysisRun; constraints: Constraints; checkpoint: AnalysisCheckpoint },
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
  const struckAt = clock.now();
  const { failed, candidates, unmet } = checkpoint;
  const found = { budget: constraints.budget, available: available!, failed, candidates, unmet };
  const deals = await dealTotals(tx, id);
  const summary = analysisSummary({ ...found, deals, leastCost: deals.length ? null : await leastCost(tx, id) });
  const now = clock.now();
  await record(tx, analysis, [
    { step: "deals", startedAt, finishedAt: struckAt, message: `${summary.deals} deals for ${summary.cost}` },
    { step: "summary", startedAt: struckAt, finishedAt: now, message: spoken(summary) },
  ]);
  await succeedAnalysis(tx, id, { summary: { ...summary }, now });
  const told = { type: "analysis.succeeded", severity: "INFO", data: { analysis: id } } as const;
  const title = `The analysis has found ${summary.deals} deals for ${summary.cost}`;
  await notify(context, tx, [{ ...told, recipient, title, body: spoken(summary), dedupeKey: `analysis:${id}` }]);
  return { analysis: id, liens: summary.liens, candidates, deals: summary.deals, cost: summary.cost };
}

function spoken({ liens, candidates, deals, cost, budget, averageYield, averageRisk, notes }: AnalysisSummary): string {
  const average = averageYield === null ? "" : `, yielding ${averageYield} % a year at a risk of ${averageRisk}`;
  const figures = `Of ${liens} available liens ${candidates} meet the constraints; ${deals} deals cost ${cost} of ${budget}${average}.`;
  return [figures, ...notes.map((note) => `${note.charAt(0).toUpperCase()}${note.slice(1)}.`)].join(" ");
}

/** One after the other, and none ahead as the job layer gathers items: what is read and what is stored share a transaction. */
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
