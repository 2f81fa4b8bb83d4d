import type { DemoData } from "./demo-data.ts";

/** The memo on the best deal of the last analysis, for the decision of an investor. */
export const memoDemo: DemoData = {
  family: "documents",
  async load(api) {
    const { analyses } = await api.get<{ analyses: { id: string }[] }>("api/analysis/runs?state=succeeded&limit=1");
    const [analysis] = analyses;
    if (!analysis) throw new Error("there is no finished analysis");
    const { deals } = await api.get<{ deals: { id: number }[] }>(`api/analysis/runs/${analysis.id}?limit=1`);
    const [best] = deals;
    if (!best) throw new Error(`analysis ${analysis.id} found no deals`);
    const request = { template: "deal_memo", dealId: best.id, recipient: "user:ada" };
    const { document, run } = await api.post<{ document: string; run: string }>(
      "api/documents/generate",
      request,
      "demo:memo",
    );
    await api.get(`api/admin/runs/${run}?wait=30`);
    const { state, reason } = await api.get<{ state: string; reason: string | null }>(`api/documents/${document}`);
    if (state !== "ready")
      throw new Error(`the document is ${state}: ${reason ?? "generate_document has not finished"}`);
    return `a memo on the best deal, as PDF: api/documents/${document}/content`;
  },
};
