import type { z } from "zod";
import type { Tx } from "#data/client.ts";
import { rowIds } from "#data/row-ids.ts";
import { insertAnalysis } from "#data/tax-liens/analysis-runs.ts";
import type { App } from "#http/app-services.ts";
import type { Reply } from "#http/route.ts";
import { civilDateIn } from "#rules/civil-date.ts";
import type { constraintsSchema } from "#rules/tax-liens/constraints.ts";
import { runAnalysis } from "../../tax-liens/run-analysis/index.ts";
import { type IdempotentRequest, respondOnce } from "../idempotent-requests.ts";

/** What a new analysis searches, decided in the transaction that starts it. */
export interface AnalysisPlan {
  readonly constraints: z.input<typeof constraintsSchema>;
  /** Creates the agent's episode of the analysis. Default: no episode. */
  readonly episode?: (analysis: string) => Promise<string>;
}

/**
 * Starts an analysis; requests with the same `Idempotency-Key` get the same analysis.
 * @param plan decides what it searches; not called for a repeated key
 * @throws InvalidInput naming each county that cannot be analysed: the job's own check
 */
export async function startAnalysis(
  app: App,
  request: IdempotentRequest,
  { recipient, requestedBy }: { readonly recipient: string; readonly requestedBy: string },
  plan: (tx: Tx) => Promise<AnalysisPlan>,
): Promise<Reply> {
  const { response, started } = await respondOnce(app, request, async (tx) => {
    const { constraints, episode } = await plan(tx);
    const createdAt = app.clock.now();
    const [id, runId] = rowIds(2, createdAt) as [string, string];
    const asOf = civilDateIn(app.config.TAX_LIENS_TIME_ZONE, createdAt);
    const episodeId = (await episode?.(id)) ?? null;
    const definition = { constraints };
    // Before its run, whose check reads it.
    await insertAnalysis(tx, { id, runId, episodeId, definition, asOf, recipient, requestedBy, createdAt });
    const run = await app.enqueuer.enqueueIn(tx, runAnalysis, {
      id: runId,
      input: { analysisRunId: id },
      trigger: "event",
      requestedBy,
    });
    return { run, response: { analysis: id, run: runId, ...(episodeId !== null && { episode: episodeId }) } };
  });
  if (started?.run.state === "queued") await app.enqueuer.dispatch([started.run]);
  const headers = { location: `/api/analysis/runs/${String(response.analysis)}` };
  return { status: started ? 202 : 200, headers, json: response };
}
