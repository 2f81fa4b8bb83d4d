import type { z } from "zod";
import type { Tx } from "#data/client.ts";
import { rowId } from "#data/row-ids.ts";
import { insertAnalysis } from "#data/tax-liens/analysis-runs.ts";
import { findCounties } from "#data/tax-liens/counties.ts";
import type { App } from "#http/app-services.ts";
import { badRequest } from "#http/problem.ts";
import type { Reply } from "#http/route.ts";
import { civilDateIn } from "#rules/civil-date.ts";
import type { constraintsSchema } from "#rules/tax-liens/constraints.ts";
import { countyFaults } from "#rules/tax-liens/county-faults.ts";
import { runAnalysis } from "../../tax-liens/run-analysis/index.ts";
import { type IdempotentRequest, respondOnce } from "../idempotent-requests.ts";

/** An analysis to start. */
export interface AnalysisRequest {
  readonly constraints: z.input<typeof constraintsSchema>;
  readonly recipient: string;
  readonly requestedBy: string;
}

/**
 * Starts an analysis; requests with the same `Idempotency-Key` get the same analysis.
 * @param episode creates the agent's episode of the analysis in the same transaction. Default: no episode
 * @throws Problem 400 naming each county that cannot be analysed
 */
export async function startAnalysis(
  app: App,
  { constraints, recipient, requestedBy }: AnalysisRequest,
  {
    episode = async () => null,
    ...request
  }: IdempotentRequest & { episode?: (tx: Tx, analysis: string) => Promise<string | null> },
): Promise<Reply> {
  const faults = countyFaults(constraints.counties, await findCounties(app.db, constraints.counties));
  if (faults.length) throw badRequest(faults);
  const { response, started } = await respondOnce(app, request, async (tx) => {
    const createdAt = app.clock.now();
    const id = rowId(createdAt);
    const asOf = civilDateIn(app.config.TAX_LIENS_TIME_ZONE, createdAt);
    const run = await app.enqueuer.enqueueIn(tx, runAnalysis, {
      input: { analysisRunId: id },
      trigger: "event",
      requestedBy,
    });
    const episodeId = await episode(tx, id);
    const definition = { constraints };
    await insertAnalysis(tx, { id, runId: run.id, episodeId, definition, asOf, recipient, requestedBy, createdAt });
    return { run, response: { analysis: id, run: run.id, ...(episodeId !== null && { episode: episodeId }) } };
  });
  if (started?.run.state === "queued") await app.enqueuer.dispatch([started.run]);
  const headers = { location: `/api/analysis/runs/${String(response.analysis)}` };
  return { status: started ? 202 : 200, headers, json: response };
}
