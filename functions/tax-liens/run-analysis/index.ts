import type { Executor, Tx } from "#data/client.ts";
import { discardReason } from "#data/platform/run-reason.ts";
import { countAvailable } from "#data/tax-liens/analysis-candidates.ts";
import type { AnalysisCheckpoint, AnalysisRun } from "#data/tax-liens/analysis-run-schema.ts";
import { beginAnalysis, failAnalysis, findAnalysis } from "#data/tax-liens/analysis-runs.ts";
import { findCounties } from "#data/tax-liens/counties.ts";
import { defineJob, event, exponential, InvalidInput, issuesOf, type JobContext, writes, z } from "#jobs";
import { type InAppNotice, insertInAppNotices } from "#notifications/in-app-notice.ts";
import { mostFrequentUnmet, totalAvailable } from "#rules/tax-liens/analysis-summary.ts";
import { type Constraints, constraintsSchema } from "#rules/tax-liens/constraints.ts";
import { countyFaults } from "#rules/tax-liens/county-faults.ts";
import { counted } from "#text/counted.ts";
import { taxLiens } from "../../families.ts";
import { recordDoneSteps, recordFailure } from "./analysis-steps.ts";
import { createDeals } from "./create-deals.ts";
import { findCandidates } from "./find-candidates.ts";

const input = z.strictObject({ analysisRunId: z.uuid() });

/**
 * Finds the deals that an investor's constraints allow: computes every available lien of the counties, keeps those that
 * meet the constraints, and spends the budget on the best. Running twice is safe: each page of liens commits with a
 * checkpoint, from which a retry continues, and the deals are created in the transaction that ends the run.
 */
export const runAnalysis = defineJob({
  id: "run_analysis",
  family: taxLiens,
  summary: "Find the deals that an investor's constraints and budget allow",
  on: event({ batch: 1 }),
  input,
  async checkInput({ analysisRunId }, { db }) {
    const analysis = await existingAnalysis(db, analysisRunId);
    if (analysis.state !== "succeeded") await validConstraints(db, analysis);
  },
  changeableSettings: ["deal_risk_weights"],
  retry: exponential({ retries: 3, first: "10s", max: "10m" }),
  timeout: "2h",
  concurrency: ({ analysisRunId }) => analysisRunId,
  gates: [writes],

  async onDiscarded(tx, runs) {
    for (const run of runs) {
      const { analysisRunId: id } = input.safeParse(run.input).data ?? {};
      if (id === undefined) continue;
      const now = run.finishedAt!;
      const analysis = await failAnalysis(tx, { id, runId: run.id, error: discardReason(run), now });
      if (!analysis) continue;
      await recordFailure(tx, analysis, run);
      await insertInAppNotices(tx, taxLiens.id, [failureOf(analysis)], now);
    }
  },

  async run(context) {
    const analysis = await begin(context);
    if (analysis.state === "succeeded") return { ...analysis.summary };
    const { ready, constraints } = await prepare(context, analysis);
    const checkpoint = await findCandidates(context, ready, constraints);
    const filtered = await context.transaction((tx) => recordFiltering(tx, ready, checkpoint, context.clock.now()));
    return context.finish((tx) => createDeals(context, tx, { analysis: filtered, constraints, checkpoint }));
  },
});

type Context = JobContext<z.output<typeof input>>;

async function begin({ input: { analysisRunId: id }, run, clock, transaction }: Context): Promise<AnalysisRun> {
  return transaction(async (tx) => {
    const startedAt = clock.now();
    const analysis = await beginAnalysis(tx, { id, runId: run.id, now: startedAt });
    if (!analysis) throw noAnalysis(id);
    if (analysis.state === "succeeded") return analysis;
    const message = `requested by ${analysis.requestedBy}, as of ${analysis.asOf}`;
    return recordDoneSteps(tx, analysis, [{ step: "definition", startedAt, finishedAt: clock.now(), message }]);
  });
}

/** Reads the constraints and counts the liens. @throws InvalidInput naming each invalid constraint */
async function prepare(
  { db, clock, transaction }: Context,
  analysis: AnalysisRun,
): Promise<{ ready: AnalysisRun; constraints: Constraints }> {
  const startedAt = clock.now();
  const constraints = await validConstraints(db, analysis);
  const checkedAt = clock.now();
  const { counties, budget } = constraints;
  // Counted once: liens that an earlier attempt has computed may have been sold since.
  const available = analysis.available ?? (await countAvailable(db, counties));
  const steps = [
    {
      step: "constraints" as const,
      startedAt,
      finishedAt: checkedAt,
      message: `${Object.keys(constraints).length} valid constraints, among them a budget of ${budget}`,
    },
    {
      step: "liens" as const,
      startedAt: checkedAt,
      finishedAt: clock.now(),
      message: `${totalAvailable(available)} liens are available in ${counties.join(", ")}`,
    },
  ];
  return { ready: await transaction((tx) => recordDoneSteps(tx, analysis, steps, { available })), constraints };
}

async function existingAnalysis(db: Executor, id: string): Promise<AnalysisRun> {
  const analysis = await findAnalysis(db, id);
  if (!analysis) throw noAnalysis(id);
  return analysis;
}

function noAnalysis(id: string): InvalidInput {
  return new InvalidInput([{ field: "analysisRunId", reason: `there is no analysis ${id}` }]);
}

async function validConstraints(db: Executor, { definition }: AnalysisRun): Promise<Constraints> {
  const read = z.object({ constraints: constraintsSchema }).safeParse(definition);
  if (!read.success) throw new InvalidInput(issuesOf(read.error, "constraints"));
  const faults = countyFaults(read.data.constraints.counties, await findCounties(db, read.data.constraints.counties));
  if (faults.length) throw new InvalidInput(faults);
  return read.data.constraints;
}

async function recordFiltering(
  tx: Tx,
  analysis: AnalysisRun,
  checkpoint: AnalysisCheckpoint,
  now: Date,
): Promise<AnalysisRun> {
  const { computed, failed, candidates, unmet, metricsMs, filterMs } = checkpoint;
  const times = { startedAt: new Date(checkpoint.startedAt), finishedAt: now };
  const reasons = mostFrequentUnmet(unmet);
  return recordDoneSteps(tx, analysis, [
    {
      step: "metrics",
      ...times,
      durationMs: metricsMs,
      message: `metrics of ${counted(computed, "lien")}${failed ? `; ${counted(failed, "lien")} failed` : ""}`,
    },
    {
      step: "filter",
      ...times,
      durationMs: filterMs,
      message: `${counted(candidates, "lien")} ${candidates === 1 ? "meets" : "meet"} the constraints${reasons && `; left out: ${reasons}`}`,
    },
  ]);
}

function failureOf({ id, recipient, error, runId }: AnalysisRun): InAppNotice {
  return {
    recipient,
    type: "analysis.failed",
    severity: "WARN",
    title: "The analysis has failed",
    body: error!,
    data: { analysis: id, run: runId },
    dedupeKey: `analysis-failed:${runId}`,
  };
}
