import { v7 as uuidv7 } from "uuid";
import type { Run } from "#data/platform/platform-schema.ts";
import type { AnalysisRun } from "#data/tax-liens/analysis-run-schema.ts";
import { findAnalysis, insertAnalysis } from "#data/tax-liens/analysis-runs.ts";
import { listDeals } from "#data/tax-liens/deals.ts";
import { runAnalysis } from "#functions/tax-liens/run-analysis/index.ts";
import type { TestProcess } from "#support/test-process.ts";
import { unchecked } from "#support/unchecked.ts";

/** A queued analysis of Sample County for 10,000 dollars as of 1 January 2026. */
export async function askForAnalysis(
  { db, runner, clock }: Pick<TestProcess, "db" | "runner" | "clock">,
  constraints: Readonly<Record<string, unknown>> = {},
): Promise<{ id: string; run: Run }> {
  const id = uuidv7();
  const asked = { input: { analysisRunId: id }, trigger: "event", requestedBy: "a test" } as const;
  const run = await db.transaction(async (tx) => {
    const admitted = await runner.enqueuer.enqueueIn(tx, unchecked(runAnalysis), asked);
    await insertAnalysis(tx, {
      id,
      runId: admitted.id,
      episodeId: null,
      asOf: "2026-01-01",
      createdAt: clock.now(),
      definition: { constraints: { budget: "10000", counties: ["sample-az"], ...constraints } },
      recipient: "user:1",
      requestedBy: "a test",
    });
    return admitted;
  });
  return { id, run };
}

/** The current analysis, with its deals. */
export async function whole(db: TestProcess["db"], id: string) {
  const analysis = (await findAnalysis(db, id)) as AnalysisRun;
  return { ...analysis, deals: await listDeals(db, id, { limit: 10_000 }) };
}
