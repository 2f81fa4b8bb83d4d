import type { Tx } from "#data/client.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { addSteps } from "#data/reasoning/episodes.ts";
import {
  ANALYSIS_STEPS,
  type AnalysisRun,
  type AnalysisStep,
  type StepTimes,
} from "#data/tax-liens/analysis-run-schema.ts";
import { recordSteps } from "#data/tax-liens/analysis-runs.ts";

/** A step of the analysis with its time and result. */
export interface DoneStep {
  readonly step: AnalysisStep;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  /** Default: the time between start and finish. */
  readonly durationMs?: number;
  readonly message: string;
}

/**
 * Records finished steps in the analysis and, where an agent has requested it, in its episode. Steps that an earlier
 * attempt has recorded stay as they are.
 * @returns the analysis with these steps
 */
export async function recordDoneSteps(
  tx: Tx,
  analysis: AnalysisRun,
  done: readonly DoneStep[],
  found: Partial<Pick<AnalysisRun, "available">> = {},
): Promise<AnalysisRun> {
  const known = new Set(analysis.steps.map(({ step }) => step));
  const fresh = done.filter(({ step }) => !known.has(step));
  const steps = [...analysis.steps, ...fresh.map(timesOf)];
  await recordSteps(tx, analysis.id, steps, found);
  if (analysis.episodeId !== null) {
    const added = fresh.map(({ step, startedAt, finishedAt, message, durationMs }) => ({
      name: step,
      outcome: "done" as const,
      message,
      startedAt,
      finishedAt,
      facts: { analysis: analysis.id, ...(durationMs !== undefined && { durationMs }) },
    }));
    await addSteps(tx, analysis.episodeId, added);
  }
  return { ...analysis, steps, ...found };
}

/** Records in the episode of a failed analysis at which step it failed, and why. */
export async function recordFailure(
  tx: Tx,
  { id, episodeId, steps, error, startedAt, finishedAt }: AnalysisRun,
  run: Pick<Run, "errors">,
) {
  if (episodeId === null) return;
  const reached = new Set(steps.map(({ step }) => step));
  const next = ANALYSIS_STEPS.find((step) => !reached.has(step)) ?? "summary";
  // An attempt checks the constraints before it records its first step.
  const isRefused = next === "definition" && run.errors.at(-1)?.class === "validation";
  const name = isRefused ? "constraints" : next;
  const times = { startedAt: startedAt ?? finishedAt!, finishedAt: finishedAt! };
  await addSteps(tx, episodeId, [{ name, outcome: "failed", message: error!, facts: { analysis: id }, ...times }]);
}

function timesOf({ step, startedAt, finishedAt, durationMs, message }: DoneStep): StepTimes {
  return {
    step,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    durationMs: durationMs ?? Math.max(0, finishedAt.getTime() - startedAt.getTime()),
    message,
  };
}
