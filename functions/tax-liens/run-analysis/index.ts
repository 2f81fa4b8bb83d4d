import { Cancel, defineJob, event, exponential, InvalidInput, issuesOf, type JobContext, z } from "#jobs";
import type { Tx } from "#data/client.ts";
import { discardReason } from "#data/platform/run-reason.ts";
import { countAvailable } from "#data/tax-liens/analysis-candidates.ts";
import type { AnalysisCheckpoint, AnalysisRun } from "#data/tax-liens/analysis-run-schema.ts";
import { beginAnalysis, failAnalysis } from "#data/tax-liens/analysis-runs.ts";
import { totalAvailable, mostFrequentUnmet } from "#rules/tax-liens/analysis-summary.ts";
import { type Constraints, constraintsSchema } from "#rules/tax-liens/constraints.ts";
import { taxLiens } from "../../families.ts";
import { type InAppNotice, insertInAppNotices } from "#notifications/in-app-notice.ts";
import { findCounties } from "#data/tax-liens/counties.ts";
import { countyFaults } from "#rules/tax-liens/county-faults.ts";
import { record, recordFailure } from "./analysis-steps.ts";
import { strikeDeals } from "./create-deals.ts";
import { findCandidates } from "./find-candidates.ts";

const input = z.strictObject({ analysisRunId: z.uuid() });

/**
 * Finds the deals that an investor's constraints allow: computes every available lien of the counties, keeps those that meet the
 * constraints, and fills the budget from the best down. Twice is safe: each page of liens commits together with how far that is,
 * so a retry goes on from there, and the deals come into being in the transaction that ends the run.
 */
export const runAnalysis = defineJob({
  id: "run_analysis",
  family: taxLiens,
  summary: "Find the deals that an investor's constraints and budget allow",
  on: event({ batch: 1 }),
  input,
  changeableSettings: ["deal_risk_weights"],
  retry: exponential({ retries: 3, first: "10s", max: "10m" }),
  timeout: "2h",
  concurrency: ({ analysisRunId }) => analysisRunId,

  async onDiscarded(tx, runs) {
    for (const run of runs) {
      const { analysisRunId: id } = input.safeParse(run.input).data ?? {};
      if (id === undefined) continue;
      const now = run.finishedAt!;
      const analysis = await failAnalysis(tx, { id, runId: run.id, error: discardReason(run), now });
      if (!analysis) continue;
      await recordFailure(tx, analysis);
      await insertInAppNotices(tx, taxLiens.id, [failureOf(analysis)], now);
    }
  },

  async run(context) {
    const analysis = await begin(context);
    if (analysis.state === "succeeded") return { ...analysis.summary };
    const { ready, constraints } = await prepare(context, analysis);
    const checkpoint = await findCandidates(context, ready, constraints);
    const sifted = await context.transaction((tx) => recordSifting(tx, ready, checkpoint, context.clock.now()));
    return context.finish((tx) => strikeDeals(context, tx, { analysis: sifted, constraints, checkpoint }));
  },
});

type Context = JobContext<z.output<typeof input>>;

async function begin({ input: { analysisRunId: id }, run, clock, transaction }: Context): Promise<AnalysisRun> {
  return transaction(async (tx) => {
    const startedAt = clock.now();
    const analysis = await beginAnalysis(tx, { id, runId: run.id, now: startedAt });
    if (!analysis) throw new Cancel(`there is no analysis ${id}`);
    if (analysis.state === "succeeded") return analysis;
    const message = `asked for by ${analysis.requestedBy}, as of ${analysis.asOf}`;
    return record(tx, analysis, [{ step: "definition", startedAt, finishedAt: clock.now(), message }]);
  });
}

/** Reads the constraints and counts the liens. @throws InvalidInput naming each constraint that makes no sense */
async function prepare(
  { db, clock, transaction }: Context,
  analysis: AnalysisRun,
): Promise<{ ready: AnalysisRun; constraints: Constraints }> {
  const begun = clock.now();
  const constraints = await soundConstraints(db, analysis);
  const checked = clock.now();
  const { counties, budget } = constraints;
  // Counted once: what an attempt before has computed may have been sold meanwhile.
  const available = analysis.available ?? (await countAvailable(db, counties));
  const steps = [
    {
      step: "constraints" as const,
      startedAt: begun,
      finishedAt: checked,
      message: `${Object.keys(constraints).length} constraints that fit each other, a budget of ${budget} among them`,
    },
    {
      step: "liens" as const,
      startedAt: checked,
      finishedAt: clock.now(),
      message: `${totalAvailable(available)} liens are available in ${counties.join(", ")}`,
    },
  ];
  return { ready: await transaction((tx) => record(tx, analysis, steps, { available })), constraints };
}

async function soundConstraints(db: Context["db"], { definition }: AnalysisRun): Promise<Constraints> {
  const read = z.object({ constraints: constraintsSchema }).safeParse(definition);
  if (!read.success) throw new InvalidInput(issuesOf(read.error, "constraints"));
  const faults = countyFaults(read.data.constraints.counties, await findCounties(db, read.data.constraints.counties));
  if (faults.length) throw new InvalidInput(faults);
  return read.data.constraints;
}

async function recordSifting(tx: Tx, analysis: AnalysisRun, checkpoint: AnalysisCheckpoint, now: Date): Promise<AnalysisRun> {
  const { computed, failed, candidates, unmet, metricsMs, filterMs } = checkpoint;
  const times = { startedAt: new Date(checkpoint.startedAt), finishedAt: now };
  const reasons = mostFrequentUnmet(unmet);
  return record(tx, analysis, [
    {
      step: "metrics",
      ...times,
      durationMs: metricsMs,
      message: `figures of ${computed} liens${failed ? `; of ${failed} there are none` : ""}`,
    },
    {
      step: "filter",
      ...times,
      durationMs: filterMs,
      message: `${candidates} liens meet the constraints${reasons && `; not met by others: ${reasons}`}`,
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
