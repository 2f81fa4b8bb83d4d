import type { DemoData } from "./demo-data.ts";

interface Analysis {
  readonly state: string;
  readonly error: string | null;
  readonly summary: { readonly candidates: number; readonly deals: number; readonly cost: string } | null;
}

/** An analysis of the county's liens for an investor with 25,000 dollars. */
export const analysisDemo: DemoData = {
  family: "an analysis",
  async load(api) {
    const constraints = { budget: "25000.00", minYield: 8, maxLtv: 0.5, maxRiskScore: 50, maxDeals: 25 };
    const request = { goal: "Find liens for an investor with 25,000 dollars", constraints };
    const { analysis, run } = await api.post<{ analysis: string; run: string }>(
      "api/agents/orchestrator/analysis",
      request,
      "demo:analysis",
    );
    await api.get(`api/admin/runs/${run}?wait=30`);
    const { state, error, summary } = await api.get<Analysis>(`api/analysis/runs/${analysis}`);
    if (!summary) throw new Error(`run_analysis is ${state}: ${error ?? "it has not finished"}`);
    const { candidates, deals, cost } = summary;
    return `an analysis with ${candidates} candidates and ${deals} deals for ${cost} dollars: api/analysis/runs/${analysis}`;
  },
};
