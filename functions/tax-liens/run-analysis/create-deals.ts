import type { Tx } from "#data/client.ts";
import { candidateTotals, rankedCandidates } from "#data/tax-liens/analysis-candidates.ts";
import type { AnalysisCheckpoint, AnalysisRun } from "#data/tax-liens/analysis-run-schema.ts";
import { succeedAnalysis } from "#data/tax-liens/analysis-runs.ts";
import { dealTotals, insertDeals } from "#data/tax-liens/deals.ts";
import type { JobContext, RunResult } from "#jobs";
import { notify } from "#notifications/notify.ts";
import { type AnalysisSummary, analysisSummary } from "#rules/tax-liens/analysis-summary.ts";
import type { Constraints } from "#rules/tax-liens/constraints.ts";
import { fillBudget } from "#rules/tax-liens/fill-budget.ts";
import { counted } from "#text/counted.ts";
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
  const filling = inBatches(fillBudget(rankedCandidates(tx, id), constraints, checkpoint.leastCost ?? undefined));
  let filled = await filling.next();
  for (; !filled.done; filled = await filling.next()) {
    signal.throwIfAborted();
    await insertDeals(tx, id, { ranked: filled.value, firstRank, now: startedAt });
    firstRank += filled.value.length;
  }
  const createdAt = clock.now();
  const { failed, candidates, unmet } = checkpoint;
  const found = { budget: constraints.budget, available: available!, failed, candidates, unmet };
  const [deals, open] = [await dealTotals(tx, id), await candidateTotals(tx, id)];
  const summary = analysisSummary({ ...found, deals, open, skipped: filled.value });
  const now = clock.now();
  await recordDoneSteps(tx, analysis, [
    {
      step: "deals",
      startedAt,
      finishedAt: createdAt,
      message: `${counted(summary.deals, "deal")} for ${summary.cost}`,
    },
    { step: "summary", startedAt: createdAt, finishedAt: now, message: inSentences(summary) },
  ]);
  await succeedAnalysis(tx, id, { summary: { ...summary }, now });
  const notice = { type: "analysis.succeeded", severity: "INFO", data: { analysis: id } } as const;
  const title = `The analysis has found ${counted(summary.deals, "deal")} for ${summary.cost}`;
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
  const figures = `Of ${counted(liens, "available lien")} ${candidates} ${candidates === 1 ? "meets" : "meet"} the constraints; ${counted(deals, "deal")} ${deals === 1 ? "costs" : "cost"} ${cost} of ${budget}${average}.`;
  return [figures, ...notes.map((note) => `${note.charAt(0).toUpperCase()}${note.slice(1)}.`)].join(" ");
}

/** Groups without prefetch, unlike the job layer: reads and writes share a transaction. */
async function* inBatches<T, R>(all: AsyncGenerator<T, R>): AsyncGenerator<T[], R> {
  let batch: T[] = [];
  let next = await all.next();
  for (; !next.done; next = await all.next()) {
    batch.push(next.value);
    if (batch.length === BATCH) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length) yield batch;
  return next.value;
}
